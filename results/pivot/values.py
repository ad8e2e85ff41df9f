"""What one search has to say of one content. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from results.pivot.contents import Content
from results.pivot.spec import TableSpec
from results.records import Mode, SearchOutcome, SearchRecord
from results.samples import Sample, configured_like_best, sample, tested_metric
from results.statistics import mean_half_width

_SMALL_IS_GOOD = ("loss", "cost", "error")


@dataclass(frozen=True, kw_only=True)
class Value:
    """value: None if the search has none, with the reason in `why`. seeds: the runs' values by their seed.

    n: runs behind it, 0 where that says nothing. failed: how many more runs there would have been, in words.
    """

    value: Any = None
    half_width: float | None = None
    n: int = 0
    seeds: tuple[tuple[int, float], ...] = ()
    why: str = ""
    failed: str = ""


def value_of(outcome: SearchOutcome, content: Content, metric: str, spec: TableSpec) -> Value:
    """The content's value in one search; `metric` is the name that a metric's pattern came to there."""
    best, result = outcome.best_trial, outcome.best_result
    if best is None or result is None:
        return Value(why="no trial succeeded")
    if content.kind == "config":
        settings = {**outcome.search.params, **outcome.search.cell, **best.config}
        return Value(value=settings.get(content.name))
    if content.kind == "step":
        return Value(value=result.step)
    if content.kind == "runs":
        return Value(value=len(_tested(outcome, spec.at).values) or None)
    if content.kind == "optimism":
        return _optimism(outcome, spec.at)
    if content.kind == "best":
        return _best_names(outcome, content, spec)
    return _measured(sample(outcome, metric, at=spec.at))


def metrics_of(outcome: SearchOutcome) -> list[str]:
    """The names of all metrics that a table can show of this search: its winner's, its final runs', its test's."""
    runs = [*configured_like_best(outcome, {}), *outcome.finals]
    names = dict.fromkeys(name for run in runs for result in run.results for name in result.metrics)
    return list(names | dict.fromkeys(outcome.test_metrics))


def mode_of(metric: str, search: SearchRecord, given: Mode | None) -> Mode | None:
    """Whether a small or a large value of a metric is good: as given, else small for losses.

    The search's own metric has its mode, on any split and by any rule. Others have None: nobody said which threshold
    is the better one.
    """
    if given is not None:
        return given
    if any(word in _SMALL_IS_GOOD for word in metric.replace("_", "/").split("/")):
        return "min"
    return search.mode if _quantity(metric) == _quantity(search.metric) else None


def _quantity(metric: str) -> str:
    """What is measured, without the split and what follows: of `val/accuracy/tuned` it is "accuracy"."""
    first, _, rest = metric.partition("/")
    return rest.partition("/")[0] if first in ("train", "val", "test") and rest else first


def _measured(found: Sample) -> Value:
    if not found.values:
        return Value(why=found.why)
    return Value(
        value=fmean(found.values),
        half_width=mean_half_width(found.values),
        n=len(found.values),
        seeds=tuple(zip(found.seeds, found.values, strict=True)),
        failed=found.why,
    )


def _tested(outcome: SearchOutcome, at: Literal["best", "last"]) -> Sample:
    """The runs that the test metric is the mean of, or the search's own metric where nothing was tested."""
    found = sample(outcome, tested_metric(outcome.search), at=at)
    return found if found.values else sample(outcome, outcome.search.metric, at=at)


def _optimism(outcome: SearchOutcome, at: Literal["best", "last"]) -> Value:
    search = outcome.search
    selected, tested = sample(outcome, search.metric, at=at), sample(outcome, tested_metric(search), at=at)
    if not selected.values or not tested.values:
        return Value(why=selected.why or tested.why)
    gap = fmean(selected.values) - fmean(tested.values)
    return Value(value=gap if search.mode == "max" else -gap)


def _best_names(outcome: SearchOutcome, content: Content, spec: TableSpec) -> Value:
    means: Mapping[str, float] = {
        "/".join(names): fmean(found.values)
        for names, metric in content.bindings(metrics_of(outcome))
        if (found := sample(outcome, metric, at=spec.at)).values
    }
    if not means:
        return Value(why=f"{content.name} was not measured")
    mode = mode_of(content.name, outcome.search, spec.mode) or outcome.search.mode
    top = max(means.values()) if mode == "max" else min(means.values())
    return Value(value=" or ".join(name for name, mean in means.items() if abs(mean - top) <= 1e-12))
