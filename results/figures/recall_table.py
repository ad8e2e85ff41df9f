"""Which share of each class's images every search of a study recognises, and which classes are lost where."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from results.figures import cells
from results.figures.canvas import new_figure, wrapped
from results.figures.over_epochs import runs_of
from results.figures.recall import RECOGNISED
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source, StudySource


class RecallTableData(NamedTuple):
    """rows: searches. recalls: one row a search, NaN where a class was not measured. split: which images."""

    rows: tuple[str, ...]
    classes: tuple[str, ...]
    recalls: tuple[tuple[float, ...], ...]
    split: str


def data(source: StudySource) -> RecallTableData:
    """Mean over the runs of `test/recall/<k>` (`val/` where no test) at their last step, search by search.

    Runs that are configured as the search's best trial is. Raises NotDrawnError if no run reported a recall.
    Source: digits network, section V and Figures 7, 9 and 12: the digits that a row could not classify.
    """
    for split in ("test", "val"):
        means = [_means(search, f"{split}/recall/") for search in source.searches]
        if any(means):
            break
    else:
        raise NotDrawnError("no run reported val/recall/0")
    numbers = sorted({number for row in means for number in row})
    kept = [(search.search.cell, row) for search, row in zip(source.searches, means, strict=True) if row]
    recalls = tuple(tuple(row.get(number, math.nan) for number in numbers) for _, row in kept)
    names = tuple(map(str, numbers))
    return RecallTableData(cells.labels([cell for cell, _ in kept]), names, recalls, cells.SPLITS[split])


def _means(source: Source, prefix: str) -> dict[int, float]:
    """By the class's number."""
    ends = [run.results[-1].metrics for run in runs_of(source) if run.results]
    names = {name for metrics in ends for name in metrics if name.startswith(prefix)}
    means = {}
    for name in names:
        values = [metrics[name] for metrics in ends if math.isfinite(metrics.get(name, math.nan))]
        if values:
            means[int(name.removeprefix(prefix))] = math.fsum(values) / len(values)
    return means


def draw(data: RecallTableData) -> Figure:
    """A row a search, a column a class: percent, the darker the lower, framed where fewer than half."""
    names = [wrapped(row, 30) for row in data.rows]
    figure = new_figure((5.2, 1.1 + 0.3 * len(data.rows)))
    axes = figure.add_subplot()
    values = np.array(data.recalls)
    shown = axes.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(data.classes)), data.classes)
    axes.set_yticks(range(len(data.rows)), names, fontsize="small")
    axes.set_xlabel("class")
    axes.set_ylabel("search")
    for (row, column), value in np.ndenumerate(values):
        if math.isnan(value):
            continue
        lost = value < RECOGNISED
        text = f"{100 * value:.0f}"
        weight = "bold" if lost else "normal"
        colour = "white" if lost else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour, fontweight=weight)
    bar = figure.colorbar(shown, ax=axes, location="top", aspect=40)
    bar.set_label(f"recall (share of the class's {data.split} images)", fontsize="small")
    return figure
