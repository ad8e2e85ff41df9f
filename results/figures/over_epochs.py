"""A metric of every search of a study, epoch by epoch: which learns faster, which stays behind."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from results.figures import cells
from results.figures.canvas import legend_below, legend_lines, log_scale, look, name_axes, panels
from results.figures.source import NotDrawnError
from results.samples import configured_like_best

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source, StudySource
    from results.records import TrialRecord

_LOG_FROM = 30.0  # times the smallest value, above which a linear scale hides what is small


class Band(NamedTuple):
    """One search: the mean over its runs at each step, the lowest and highest of them, and how many runs there are."""

    label: str
    steps: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    runs: int


class BandPanel(NamedTuple):
    """title: what its searches have in common."""

    title: str
    bands: tuple[Band, ...]


class OverEpochsData(NamedTuple):
    """what: the values, and the images they are of. step: what a step is. log: a linear scale would hide the small."""

    what: str
    step: str
    panels: tuple[BandPanel, ...]
    log: bool


def data(source: StudySource, what: str, metrics: Sequence[str], *, log: bool = False) -> OverEpochsData:
    """By the first of `metrics` that every search reported at two steps or more, else the one that most did.

    what: the axis label, in which {split} is filled in. log: logarithmic whatever the values, if all are above 0.
    Of each search the runs that are configured as its best trial is. Raises NotDrawnError if none reported any.
    """
    found = {metric: _bands(source, metric) for metric in metrics}
    metric = max(metrics, key=lambda name: (len(found[name]), -list(metrics).index(name)))
    bands = found[metric]
    if not bands:
        raise NotDrawnError(f"no search reported {' or '.join(metrics)} at two steps or more")
    positions = list(bands)
    drawn = []
    for panel in cells.panels([source.searches[position].search.cell for position in positions]):
        members = tuple(bands[positions[member]]._replace(label=label) for member, label in panel.members)
        drawn.append(BandPanel(panel.title, members))
    means = [[value for band in panel.bands for value in band.mean] for panel in drawn]
    log = min(map(min, means)) > 0 if log else any(map(_wide, means))
    split = cells.SPLITS.get(metric.partition("/")[0], "")
    step = cells.step_name(source.searches[positions[0]].search)
    return OverEpochsData(what.format(split=split), step, tuple(drawn), log)


def runs_of(source: Source) -> list[TrialRecord]:
    """The runs that are configured as the best trial is and ended without failing; unfinished ones if there are none.

    Empty if there is no best trial.
    """
    runs = [trial for trial in configured_like_best(source.outcome, {}) if not trial.state.failed]
    return [trial for trial in runs if not trial.state.unfinished] or runs


def _bands(source: StudySource, metric: str) -> dict[int, Band]:
    """By the search's position; without those that reported the metric at fewer than two steps."""
    bands = {}
    for position, search in enumerate(source.searches):
        values: dict[int, list[float]] = defaultdict(list)
        runs = 0
        for trial in runs_of(search):
            points = trial.series(metric)
            runs += bool(points)
            for step, value in points:
                values[step].append(value)
        if len(values) > 1:
            columns = [values[step] for step in sorted(values)]
            mean = tuple(math.fsum(column) / len(column) for column in columns)
            bands[position] = Band("", tuple(sorted(values)), mean, *_bounds(columns), runs)
    return bands


def _wide(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) > _LOG_FROM * min(values)


def _bounds(columns: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(map(min, columns)), tuple(map(max, columns))


def draw(data: OverEpochsData) -> Figure:
    """A line a search, its mean, and a band from the lowest to the highest run where there are several."""
    all_bands = [band for panel in data.panels for band in panel.bands]
    looks = {label: look(n) for n, label in enumerate(dict.fromkeys(band.label for band in all_bands))}
    several = any(band.runs > 1 for band in all_bands)
    title = "mean over runs, band from the lowest to the highest" if several else None
    lines = legend_lines(looks, title)
    figure, all_axes = panels([panel.title for panel in data.panels], columns=3, legend_lines=lines)
    handles = {}
    for axes, panel in zip(all_axes, data.panels, strict=True):
        for band in panel.bands:
            colour, dashes, _ = looks[band.label]
            (handles[band.label],) = axes.plot(band.steps, band.mean, color=colour, linestyle=dashes, linewidth=1.5)
            if band.runs > 1:
                axes.fill_between(band.steps, band.low, band.high, color=colour, alpha=0.2, linewidth=0)
        axes.locator_params(axis="x", integer=True)
        if data.log:
            log_scale(axes)
    name_axes(figure, all_axes, x=data.step, y=data.what, legend_lines=lines)
    legend_below(figure, handles, title)
    return figure
