"""Which classes are taken for which, as a table of shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.figures.canvas import new_figure
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source

_MOST_WRITTEN = 12  # classes beyond which numbers would run into each other
_MOST_NAMED = 50  # beyond which not every class has its name
_MOST_SIDE_IN = 6.0
_WIDTH_IN = 5.6
_NAMES_IN = 0.8  # beside and below a table
_PREFIX = "confusion_matrix"


class ConfusionData(NamedTuple):
    """tables: (decision rule or "", counts row by row), rows the true classes. split: which images."""

    classes: tuple[str, ...]
    tables: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...]
    split: str


def data(source: Source) -> ConfusionData:
    """From `confusion_matrix`, where no rule has the same, `confusion_matrix_<rule>` [K, K] and `classes`."""
    (classes,) = source.need("classes")
    tables = tuple(
        (name.removeprefix(_PREFIX).lstrip("_"), tuple(map(tuple, counts.tolist())))
        for name, counts in sorted(source.arrays.items())
        if name == _PREFIX or name.startswith(f"{_PREFIX}_")
    )
    if any(rule and counts == tables[0][1] for rule, counts in tables):
        tables = tables[1:]  # without a rule's name, which sorts first
    if not tables:
        raise NotDrawnError(f"the best trial kept no {_PREFIX}")
    return ConfusionData(tuple(map(str, classes.tolist())), tables, source.split)


def draw(data: ConfusionData) -> Figure:
    """A square a table: the darker, the larger the share of the row's class; counts but 0 where there is room."""
    n = len(data.classes)
    side_in = min(max(1.75, 0.32 * n), _MOST_SIDE_IN)
    columns = max(1, min(len(data.tables), int(_WIDTH_IN // (side_in + _NAMES_IN))))
    rows = math.ceil(len(data.tables) / columns)
    figure = new_figure((max((side_in + _NAMES_IN) * columns, 3.4), (side_in + 0.25) * rows + _NAMES_IN))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(data.tables) :]:
        axes.remove()
    every = math.ceil(n / _MOST_NAMED)
    ticks = range(0, n, every)
    names = data.classes[::every]
    for position, (axes, (rule, counts)) in enumerate(zip(grid.flat, data.tables, strict=False)):
        _draw_table(axes, np.array(counts), written=n <= _MOST_WRITTEN)
        axes.set_title(rule, fontsize="small")
        axes.set_xticks(ticks, names, rotation=90, fontsize="small")
        axes.set_yticks(ticks, names, fontsize="small")
        axes.tick_params(labelbottom=position + columns >= len(data.tables))
    figure.supxlabel("predicted class", fontsize="medium")
    figure.supylabel(f"true class ({data.split} images)", fontsize="medium")
    return figure


def _draw_table(axes: Axes, counts: NDArray[Any], *, written: bool) -> None:
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if written and count:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=6.5, color=colour)
