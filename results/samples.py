"""The values of a metric over the runs of one configuration: what a mean and an interval are made from. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord
from results.references import AtStep, Within


@dataclass(frozen=True)
class Sample:
    """values: one for each run that has the metric. why: what is missing, empty if nothing is.

    seeds: the runs' seeds, in the order of the values.
    """

    values: tuple[float, ...]
    why: str = ""
    seeds: tuple[int, ...] = ()


def sample(
    outcome: SearchOutcome,
    metric: str,
    *,
    at: Any = "best",
    config: Mapping[str, Any] | None = None,
    lower: bool = False,
) -> Sample:
    """The metric of each trial with the wanted configuration: the best trial's, or that which `config` describes.

    at: "best" for each trial's best step by the search's metric, "last", an `AtStep`, or a `Within` for the best value
    up to a step (the lowest with `lower`). A test metric is that of the final runs, at their end; without them, if it
    was not measured at each epoch, the search's one measurement of its best trial. With "last" trials that measured it
    come before final runs. A trial that has not ended does not count, for its last
    step is not the last.
    """
    trials = [trial for trial in configured_like_best(outcome, config or {}) if not trial.state.unfinished]
    if not trials:
        return Sample((), "no trial has this configuration, or none has ended")
    usable = [trial for trial in trials if not trial.state.failed]
    tested = [] if config else _by_seed(outcome.finals, metric, _last)
    found = [] if at == "best" and tested else _by_seed(usable, metric, _reader(outcome, at, lower=lower))
    if not found and tested and at in ("best", "last"):
        return _sample(tested, len(outcome.finals) - len(tested), len(outcome.finals))
    best = outcome.best_trial
    if not found and at == "best" and best in usable and best is not None and metric in outcome.test_metrics:
        found = [(best.seed, outcome.test_metrics[metric])]
    if not found:
        return Sample((), f"{metric} was not measured{_where(at)}")
    return _sample(found, len(trials) - len(usable), len(trials))


def final_values(outcome: SearchOutcome, metric: str) -> list[float]:
    """A metric of the final runs, measured once at the end of each: of those that did not fail and have it."""
    return [value for _, value in _by_seed(outcome.finals, metric, _last)]


def tested_metric(search: SearchRecord) -> str:
    """The search's metric on the test split: "val/accuracy" there is "test/accuracy"."""
    return f"test/{search.metric.removeprefix('val/').removeprefix('test/')}"


def _by_seed(
    runs: Iterable[TrialRecord], metric: str, read: Callable[[TrialRecord, str], float | None]
) -> list[tuple[int, float]]:
    return [(run.seed, value) for run in runs if not run.state.failed and (value := read(run, metric)) is not None]


def _sample(found: Sequence[tuple[int, float]], failed: int, of: int) -> Sample:
    return Sample(tuple(value for _, value in found), _failures(failed, of), tuple(seed for seed, _ in found))


def _last(run: TrialRecord, metric: str) -> float | None:
    return next(iter(_finite(run.results[-1:], metric)), None)


def _failures(failed: int, of: int) -> str:
    return f"{failed} of {of} runs failed" if failed else ""


def configured_like_best(outcome: SearchOutcome, config: Mapping[str, Any]) -> list[TrialRecord]:
    """The trials that `config` describes; without one, those configured as the best trial is."""
    best = outcome.best_trial
    if config:
        return [trial for trial in outcome.trials if matches(config, trial.config)]
    return [] if best is None else [trial for trial in outcome.trials if dict(trial.config) == dict(best.config)]


def matches(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether every wanted setting is there with its value: numbers up to rounding, True is not 1."""
    return all(name in given and _equal(value, given[name]) for name, value in wanted.items())


def _equal(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=1e-9)
    return left == right


def _reader(outcome: SearchOutcome, at: Any, *, lower: bool) -> Callable[[TrialRecord, str], float | None]:
    search = outcome.search

    def read(trial: TrialRecord, metric: str) -> float | None:
        if isinstance(at, Within):
            early = _finite([result for result in trial.results if result.step <= at.within], metric)
            return (min(early) if lower else max(early)) if early else None
        chosen: Sequence[ResultRecord | None]
        if isinstance(at, AtStep):
            chosen = [result for result in trial.results if result.step == at.step]
        elif at == "last":
            chosen = trial.results[-1:]
        else:
            chosen = [trial.best(search.metric, search.mode)]
        found = _finite([result for result in chosen if result is not None], metric)
        return found[0] if found else None

    return read


def _finite(results: Sequence[ResultRecord], metric: str) -> list[float]:
    values = (result.metrics.get(metric) for result in results)
    return [value for value in values if value is not None and math.isfinite(value)]


def _where(at: Any) -> str:
    if isinstance(at, AtStep):
        return f" at epoch {at.step}"
    return f" up to epoch {at.within}" if isinstance(at, Within) else ""
