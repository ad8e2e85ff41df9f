"""How far class centres lie from the reference point, against how large the clusters are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from results.figures.canvas import GREY, legend_below, legend_lines, logarithmic, look, name_axes, panels, wrapped
from results.figures.grouping import Arranged, alone, arrange, selection_split
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from results.figures.source import Source, StudySource

_SIZE, _DISTANCE = "geometry/cluster_size", "geometry/reference_distance"


class Path(NamedTuple):
    """One best trial, epoch by epoch. sizes: sigma; distances: rho; selected: which of them was picked."""

    panel: str
    colour: str
    style: str
    sizes: tuple[float, ...]
    distances: tuple[float, ...]
    selected: int


class SizeAgainstDistanceData(NamedTuple):
    """split: val or test. Where a distance is above its size, clusters hardly reach the reference point."""

    split: str
    placing: Arranged
    paths: tuple[Path, ...]


def data(study: StudySource) -> SizeAgainstDistanceData:
    """The best trial of every search. Raises NotDrawnError if none measured its geometry.

    The reference point is the global centre of the first epoch. Source: moving targets, Figure 17 and Appendix B.
    """
    return _data(arrange(study))


def data_of_trial(source: Source) -> SizeAgainstDistanceData:
    """The best trial of one search. Raises NotDrawnError if it did not measure its geometry."""
    return _data(alone(source))


def _data(placing: Arranged) -> SizeAgainstDistanceData:
    split = selection_split(placing.searches[0])
    paths = []
    for search in placing.searches:
        source = search.source
        best = source.outcome.best_result
        points = [
            (result.metrics[f"{split}/{_SIZE}"], result.metrics[f"{split}/{_DISTANCE}"], result is best)
            for result in source.trial.results
            if all(_positive(result.metrics.get(f"{split}/{name}", math.nan)) for name in (_SIZE, _DISTANCE))
        ]
        if points:
            sizes, distances, picked = zip(*points, strict=True)
            selected = picked.index(True) if True in picked else len(points) - 1
            paths.append(Path(search.panel, search.colour, search.style, sizes, distances, selected))
    if not paths:
        raise NotDrawnError(f"no best trial reported {split}/{_SIZE} and {split}/{_DISTANCE}")
    return SizeAgainstDistanceData(split, placing, tuple(paths))


def draw(data: SizeAgainstDistanceData) -> Figure:
    """A mark at the selected epoch, its size the network's, on the faint path of all epochs; the line of equality."""
    from matplotlib.lines import Line2D

    placing = data.placing
    titles, colours, styles = placing.values("panel"), placing.values("colour"), placing.values("style")
    equal = {"\u03c1 = \u03c3": Line2D([], [], color=GREY, linestyle="--", linewidth=0.9)}
    keys = {value: _key(n) for n, value in enumerate(colours) if value} | _sizes(styles) | equal
    figure, all_axes = panels(titles, columns=2, legend_lines=legend_lines(keys), share_y=True)
    panel_of = dict(zip(titles, all_axes, strict=True))
    for path in data.paths:
        n, size, axes = colours.index(path.colour), styles.index(path.style), panel_of[path.panel]
        axes.plot(path.sizes, path.distances, color=look(n)[0], linewidth=0.8, alpha=0.6, marker=".", markersize=2)
        axes.plot(
            *_selected(path), color=look(n)[0], marker=look(n)[2], markersize=5 + 3 * size, markeredgecolor="white"
        )
    everything = [value for path in data.paths for value in (*path.sizes, *path.distances)]
    low, high = min(everything) / 1.5, max(everything) * 1.5
    for axes in all_axes:
        axes.plot((low, high), (low, high), color=GREY, linewidth=0.9, linestyle="--")
        axes.set(xlim=(low, high), ylim=(low, high))
        logarithmic(axes.xaxis)
        logarithmic(axes.yaxis)
    what = "distance \u03c1 of class centres to the first epoch's global centre (same units)"
    name_axes(figure, all_axes, x="cluster size \u03c3 (units of the embedding)", y=wrapped(what, 40))
    legend_below(figure, keys)
    return figure


def _selected(path: Path) -> tuple[float, float]:
    return path.sizes[path.selected], path.distances[path.selected]


def _key(n: int) -> Line2D:
    from matplotlib.lines import Line2D

    colour, _, marker = look(n)
    return Line2D([], [], color=colour, marker=marker, markersize=5)


def _sizes(styles: Sequence[str]) -> dict[str, Line2D]:
    from matplotlib.lines import Line2D

    marks = {value: 5 + 3 * n for n, value in enumerate(styles) if value}
    return {
        value: Line2D([], [], color=GREY, marker="o", linestyle="none", markersize=size)
        for value, size in marks.items()
    }


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0
