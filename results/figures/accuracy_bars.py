"""Accuracy by every decision rule, of every search of a study: a bar a rule, its width the network's size."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from results.figures.canvas import GREY, legend_below, legend_lines, look, name_axes, panels, wrapped
from results.figures.cells import SPLITS
from results.figures.class_marks import tint
from results.figures.grouping import Arranged, Placed, arrange, selection_split
from results.figures.source import NotDrawnError
from results.samples import sample
from results.statistics import mean_half_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from results.figures.source import StudySource

_STEP = 0.05  # accuracies at which an axis may begin
_GROUP = 0.84  # of the room of a group, the rest is a gap


class Bar(NamedTuple):
    """panel, colour, style: the search's place. value: mean over n runs; half_width: 95%, None below two runs."""

    panel: str
    colour: str
    style: str
    rule: str
    value: float
    half_width: float | None
    n: int


class AccuracyBarsData(NamedTuple):
    """split: "test", or "val" where some search has no test accuracy. start: where the axis begins."""

    split: str
    start: float
    rules: tuple[str, ...]
    placing: Arranged
    bars: tuple[Bar, ...]


def data(study: StudySource) -> AccuracyBarsData:
    """`<split>/accuracy/<rule>`, or the plain accuracy where there are no rules, of each search's best configuration.

    Raises NotDrawnError if no search measured an accuracy. Source: moving targets, Figures 14 and 20-24.
    """
    placing = arrange(study)
    tested = all(_rules(search, "test") for search in placing.searches)
    split = "test" if tested else selection_split(placing.searches[0])
    bars = tuple(bar for search in placing.searches for bar in _bars(search, split))
    if not bars:
        raise NotDrawnError(f"no search measured {split}/accuracy")
    rules = tuple(sorted({bar.rule for bar in bars}, key=lambda rule: (rule == "argmax", rule)))
    return AccuracyBarsData(split, _start(min(bar.value for bar in bars)), rules, placing, bars)


def _rules(search: Placed, split: str) -> dict[str, str]:
    """Metrics by decision rule; the plain accuracy under "" where there are none."""
    outcome = search.source.outcome
    best = outcome.best_result
    metrics = {**(best.metrics if best is not None else {}), **outcome.test_metrics}
    prefix = f"{split}/accuracy"
    rules = {name.removeprefix(f"{prefix}/"): name for name in metrics if name.startswith(f"{prefix}/")}
    return rules or ({"": prefix} if prefix in metrics else {})


def _bars(search: Placed, split: str) -> list[Bar]:
    bars = []
    for rule, metric in _rules(search, split).items():
        values = sample(search.source.outcome, metric).values
        if values:
            width = mean_half_width(values)
            bars.append(Bar(search.panel, search.colour, search.style, rule, fmean(values), width, len(values)))
    return bars


def _start(lowest: float) -> float:
    """Zero where it costs nothing; else a round number below the lowest bar, for the differences are small."""
    return 0.0 if lowest < 0.5 else max(0.0, math.floor((lowest - _STEP / 5) / _STEP) * _STEP)


def draw(data: AccuracyBarsData) -> Figure:
    """Groups of bars along x; of networks that share a place, the later in the grid the wider and paler."""
    titles, keys = data.placing.values("panel"), _keys(data)
    figure, all_axes = panels(titles, columns=1, legend_lines=legend_lines(keys) if keys else 0, share_y=True)
    for name, axes in zip(titles, all_axes, strict=True):
        _draw_panel(axes, data, name)
    # Once for all: the axes share their limits, and a panel that set its own would cut the others' bars.
    all_axes[0].set_ylim(data.start, data.start + 1.05 * (_top(data) - data.start))
    starts = f"\n(axis from {data.start:g})" if data.start else ""
    name_axes(
        figure, all_axes, x=data.placing.colour or " ", y=f"accuracy (share of {SPLITS[data.split]} images){starts}"
    )
    if keys:
        legend_below(figure, keys)
    return figure


def _top(data: AccuracyBarsData) -> float:
    return min(1.0, max(bar.value + (bar.half_width or 0) for bar in data.bars))


def _draw_panel(axes: Axes, data: AccuracyBarsData, panel: str) -> None:
    groups, styles = data.placing.values("colour"), data.placing.values("style")
    room = _GROUP / len(data.rules)
    axes.grid(visible=False, axis="x")
    for bar in sorted(data.bars, key=lambda bar: -styles.index(bar.style)):
        if bar.panel != panel:
            continue
        rule, size = data.rules.index(bar.rule), styles.index(bar.style)
        axes.bar(
            groups.index(bar.colour) - _GROUP / 2 + room * (rule + 0.5),
            bar.value - data.start,
            bottom=data.start,
            width=room * 0.92 * (size + 1) / len(styles),
            color=tint(look(rule)[0], _strength(size)),
            edgecolor="white",
            linewidth=0.5,
            yerr=bar.half_width,
            ecolor="black",
            error_kw={"linewidth": 0.8},
        )
    width = max(5, 60 // len(groups))
    axes.set_xticks(range(len(groups)), [wrapped(group, width) for group in groups], fontsize="small")


def _strength(size: int) -> float:
    return 1 / (1 + 0.7 * size)


def _keys(data: AccuracyBarsData) -> dict[str, Patch]:
    from matplotlib.patches import Patch

    styles = data.placing.values("style")
    keys = {rule: Patch(color=look(n)[0]) for n, rule in enumerate(data.rules) if rule}
    widths = {0: " (narrowest)", len(styles) - 1: " (widest)"}
    if len(styles) > 1:
        keys |= {f"{value}{widths.get(n, '')}": Patch(color=tint(GREY, _strength(n))) for n, value in enumerate(styles)}
    return keys
