"""Accuracy against another metric, across the searches of a study: one mark a run, at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from results.figures import cells
from results.figures.canvas import legend_below, legend_lines, look, name_axes, panels
from results.figures.over_epochs import runs_of
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source, StudySource


class Path(NamedTuple):
    """One run: both values at every step that has both finite, the last of which is marked."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class AgainstData(NamedTuple):
    """x, y: axis labels. panels: (title, ((label, runs), ...)). whole: whether the way to the mark is drawn."""

    x: str
    y: str
    panels: tuple[tuple[str, tuple[tuple[str, tuple[Path, ...]], ...]], ...]
    whole: bool


def data(source: StudySource, what: str, metric: str, *, whole: bool) -> AgainstData:
    """Runs that are configured as their search's best trial is, on test images if any has both metrics there.

    metric: may hold {split}, as `what` may. whole: keep every step, not the last alone.
    Raises NotDrawnError if no run has both metrics.
    """
    for split in ("test", "val"):
        names = (metric.format(split=split), f"{split}/accuracy")
        found = {n: runs for n, search in enumerate(source.searches) if (runs := _paths(search, names, whole=whole))}
        if found:
            break
    else:
        raise NotDrawnError(f"no run reported {metric.format(split='val')} together with val/accuracy")
    positions = list(found)
    drawn = tuple(
        (panel.title, tuple((label, found[positions[member]]) for member, label in panel.members))
        for panel in cells.panels([source.searches[position].search.cell for position in positions])
    )
    y = f"accuracy (share of {cells.SPLITS[split]} images)"
    return AgainstData(what.format(split=cells.SPLITS[split]), y, drawn, whole)


def _paths(source: Source, names: tuple[str, str], *, whole: bool) -> tuple[Path, ...]:
    paths = []
    for run in runs_of(source):
        pairs = [[result.metrics.get(name, math.nan) for name in names] for result in run.results]
        finite = [pair for pair in pairs if all(map(math.isfinite, pair))]
        if finite:
            x, y = zip(*(finite if whole else finite[-1:]), strict=True)
            paths.append(Path(x, y))
    return tuple(paths)


def draw(data: AgainstData) -> Figure:
    """A mark a run, searches told apart by colour and form; thin lines for the way there."""
    names = dict.fromkeys(label for _, members in data.panels for label, _ in members)
    looks = {label: look(n) for n, label in enumerate(names)}
    title = "mark: the last epoch of a run; line: the epochs before" if data.whole else "mark: the last epoch of a run"
    lines = legend_lines(looks, title)
    figure, all_axes = panels([name for name, _ in data.panels], columns=3, legend_lines=lines)
    handles = {}
    for axes, (_, members) in zip(all_axes, data.panels, strict=True):
        for label, runs in members:
            colour, dashes, marker = looks[label]
            for run in runs:
                if len(run.x) > 1:
                    axes.plot(run.x, run.y, color=colour, linestyle=dashes, linewidth=0.7, alpha=0.7)
                (handles[label],) = axes.plot(  # hollow, so that one behind another is seen
                    run.x[-1:], run.y[-1:], color=colour, marker=marker, linestyle="none", fillstyle="none"
                )
        axes.margins(0.06)
    name_axes(figure, all_axes, x=data.x, y=data.y, legend_lines=lines)
    legend_below(figure, handles, title)
    return figure
