"""Frozen records of study, search, trial and result: what the store keeps and every table is made from. Pure.

A *failed* trial has a state of its own; it is counted and shown, ranked last, never hidden.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

Mode = Literal["min", "max"]


class TrialState(StrEnum):
    """How a trial stands, or how it ended."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"  # the run was cut; the same command goes on with it
    COMPLETE = "complete"  # used its whole budget, or said itself that it is done
    STOPPED = "stopped"  # cut by a scheduler or stopper: `TrialRecord.stopped_by` says which
    DIVERGED = "diverged"  # a loss that is not finite
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"  # an epoch took longer than `search.epoch_timeout`
    CRASHED = "crashed"

    @property
    def failed(self) -> bool:
        """Whether the trial ended without a usable end: diverged, out of memory, timed out or crashed."""
        return self in (TrialState.DIVERGED, TrialState.OUT_OF_MEMORY, TrialState.TIMED_OUT, TrialState.CRASHED)

    @property
    def unfinished(self) -> bool:
        """Whether more results of the trial are to come."""
        return self in (TrialState.RUNNING, TrialState.INTERRUPTED)


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """One study as it was run. `study_id` is unique in a store: `<name>` or, after --fresh, `<name>#<generation>`."""

    study_id: str
    name: str
    metric: str
    mode: Mode
    source: str  # the study file's text
    fingerprint: str  # of everything but budgets
    started_at_ms: int
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)  # git commit, versions, platform ...

    @property
    def selected_on_test(self) -> bool:
        """Whether test data chose: each number is then that of its luckiest trial and epoch, and flatters."""
        return measures_test(self.metric)


@dataclass(frozen=True, kw_only=True)
class SearchRecord:
    """One cell of the grid. `search_id` is unique in a store: `<study_id>/<key>`."""

    search_id: str
    key: str
    cell: Mapping[str, Any]
    metric: str
    mode: Mode
    started_at_ms: int
    params: Mapping[str, Any] = field(default_factory=dict)  # fixed values, searcher, scheduler, seed, trials ...
    tags: Mapping[str, str] = field(default_factory=dict)  # the data's fingerprint ...
    space: Mapping[str, Any] = field(default_factory=dict)  # what is searched in this cell, as a study writes it

    @property
    def max_steps(self) -> int | None:
        """The most steps of a trial, from the parameter `budget`, "30 epoch"; None if it is not known."""
        most = str(self.params.get("budget", "")).partition(" ")[0]
        return int(most) if most.isdecimal() else None

    @property
    def step_key(self) -> str:
        """The metric that counts a trial's steps, from the same; "step" if it is not known."""
        return str(self.params.get("budget", "")).partition(" ")[2] or "step"

    @property
    def selected_on_test(self) -> bool:
        """Whether test data chose: each number is then that of its luckiest trial and epoch, and flatters."""
        return measures_test(self.metric)


@dataclass(frozen=True, kw_only=True)
class ResultRecord:
    """The metrics of one trial at one step of its budget; `at_ms` is the journal's clock, never the store's."""

    step: int
    at_ms: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One configuration trained once. `number` counts from 0 within its search; `trial_id` is unique in a store."""

    trial_id: str  # <search_id>/<number, four digits>
    number: int
    config: Mapping[str, Any]
    seed: int
    state: TrialState
    started_at_ms: int
    ended_at_ms: int | None = None
    stopped_by: str | None = None  # "asha", "trial_plateau" ...
    error: str | None = None
    results: Sequence[ResultRecord] = ()

    def best(self, metric: str, mode: Mode) -> ResultRecord | None:
        """The result with the best finite value of `metric` (the earliest of equals), not the last one."""
        return best_result(self.results, metric, mode)

    def series(self, metric: str) -> list[tuple[int, float]]:
        """(step, value) wherever a finite value of the metric was reported, in the order of the results."""
        values = ((result.step, result.metrics.get(metric, math.nan)) for result in self.results)
        return [(step, value) for step, value in values if math.isfinite(value)]


@dataclass(frozen=True, kw_only=True)
class SearchOutcome:
    """A search with what came out of it: what a row of the best-models table is made from.

    test_metrics: of the best trial's best step, measured once after selection; empty before that. With `finals` the
    mean over them. finals: the best configuration trained anew on fresh seeds, on training and validation images, for
    the epochs selected; the last result of each has its test metrics.
    model: the registered model's `name/version`, None if there is none. run_id: the search's run in the store.
    """

    search: SearchRecord
    trials: Sequence[TrialRecord]
    test_metrics: Mapping[str, float] = field(default_factory=dict)
    finals: Sequence[TrialRecord] = ()
    model: str | None = None
    run_id: str | None = None

    @cached_property
    def best_trial(self) -> TrialRecord | None:
        """The trial that the selection rule picks; None if every trial failed or reported nothing."""
        ranked = rank(self.trials, self.search.metric, self.search.mode)
        if not ranked or ranked[0].state.failed:
            return None
        return ranked[0] if ranked[0].best(self.search.metric, self.search.mode) else None

    @property
    def best_result(self) -> ResultRecord | None:
        """The best trial's result at its best step; None exactly where there is no best trial."""
        best = self.best_trial
        return None if best is None else best.best(self.search.metric, self.search.mode)


def trial_from_plain(plain: Mapping[str, Any]) -> TrialRecord:
    """A trial's record from the plain values that `dataclasses.asdict` made of it."""
    results = tuple(ResultRecord(**result) for result in plain["results"])
    return TrialRecord(**{**plain, "state": TrialState(plain["state"]), "results": results})


def measures_test(metric: str) -> bool:
    """Whether a metric is one of the test split."""
    return metric.startswith("test/")


def mean_test_metrics(finals: Iterable[TrialRecord]) -> dict[str, float]:
    """The mean of each `test/` metric over the final runs that did not fail; empty if all of them did."""
    measured = [
        {name: value for name, value in final.results[-1].metrics.items() if measures_test(name)}
        for final in finals
        if final.results and not final.state.failed
    ]
    names = dict.fromkeys(name for metrics in measured for name in metrics)
    columns = {name: [metrics[name] for metrics in measured if name in metrics] for name in names}
    return {name: math.fsum(values) / len(values) for name, values in columns.items()}


def best_result(results: Iterable[ResultRecord], metric: str, mode: Mode) -> ResultRecord | None:
    """The result with the best finite `metric`; the earliest of equals; None if there is none."""
    sign = 1.0 if mode == "max" else -1.0
    best: ResultRecord | None = None
    best_score = -math.inf
    for result in results:
        value = result.metrics.get(metric)
        if value is not None and math.isfinite(value) and sign * value > best_score:
            best, best_score = result, sign * value
    return best


def rank(trials: Iterable[TrialRecord], metric: str, mode: Mode) -> list[TrialRecord]:
    """Trials from best to worst by their best result; failed ones and those without a value last, by number."""
    sign = -1.0 if mode == "max" else 1.0

    def key(trial: TrialRecord) -> tuple[int, float, int]:
        best = trial.best(metric, mode)
        if best is None or trial.state.failed:
            return (1, 0.0, trial.number)
        return (0, sign * best.metrics[metric], trial.number)

    return sorted(trials, key=key)


def best_search(outcomes: Sequence[SearchOutcome]) -> SearchOutcome:
    """The search whose best trial is best, by the first one's metric; the first search if none has a best trial."""
    trials = {id(outcome.best_trial): outcome for outcome in outcomes if outcome.best_trial is not None}
    ran = [outcome.best_trial for outcome in outcomes if outcome.best_trial is not None]
    ranked = rank(ran, outcomes[0].search.metric, outcomes[0].search.mode)
    return trials[id(ranked[0])] if ranked else outcomes[0]
