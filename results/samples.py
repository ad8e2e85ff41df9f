"""The values of a metric over the runs of one configuration: what a mean and an interval are made from. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.records import ResultRecord, SearchOutcome, TrialRecord
from results.references import AtStep, Within


@dataclass(frozen=True)
class Sample:
    """values: one for each run that has the metric. why: what is missing, empty if nothing is."""

    values: tuple[float, ...]
    why: str = ""


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
    up to a step (the lowest with `lower`). A test metric that was not measured at each epoch is the search's one
    measurement of its best trial, or those of its final runs. A trial that has not ended does not count, for its last
    step is not the last.
    """
    trials = [trial for trial in configured_like_best(outcome, config or {}) if not trial.state.unfinished]
    if not trials:
        return Sample((), "no trial has this configuration, or none has ended")
    usable = [trial for trial in trials if not trial.state.failed]
    if at == "best" and not config and (tested := final_values(outcome, metric)):
        return Sample(tuple(tested), _failures(len(outcome.finals) - len(tested), len(outcome.finals)))
    read = _reader(outcome, at, lower=lower)
    values = tuple(value for trial in usable if (value := read(trial, metric)) is not None)
    if not values and at == "best" and outcome.best_trial in usable and metric in outcome.test_metrics:
        values = (outcome.test_metrics[metric],)
    if not values:
        return Sample((), f"{metric} was not measured{_where(at)}")
    return Sample(values, _failures(len(trials) - len(usable), len(trials)))


def final_values(outcome: SearchOutcome, metric: str) -> list[float]:
    """A metric of the final runs, measured once at the end of each: of those that did not fail and have it."""
    ended = [final.results[-1] for final in outcome.finals if final.results and not final.state.failed]
    return _finite(ended, metric)


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
