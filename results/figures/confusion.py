"""Which classes are taken for which, as a table of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from results.figures.canvas import new_figure
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source

_MOST_WRITTEN = 12  # classes beyond which numbers would run into each other
_PREFIX = "confusion_matrix"


class ConfusionData(NamedTuple):
    """tables: (decision rule or "", counts row by row), rows the true classes. split: which images."""

    classes: tuple[str, ...]
    tables: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...]
    split: str


def data(source: Source) -> ConfusionData:
    """From `confusion_matrix` or `confusion_matrix_<rule>` [K, K] and `classes`."""
    (classes,) = source.need("classes")
    tables = tuple(
        (name.removeprefix(_PREFIX).lstrip("_"), tuple(map(tuple, counts.tolist())))
        for name, counts in sorted(source.arrays.items())
        if name == _PREFIX or name.startswith(f"{_PREFIX}_")
    )
    if not tables:
        raise NotDrawnError(f"the best trial kept no {_PREFIX}")
    return ConfusionData(tuple(map(str, classes.tolist())), tables, str(source.arrays.get("split", "validation")))


def draw(data: ConfusionData) -> Figure:
    """A square a table: the darker, the larger the share of the row's class; counts where there is room."""
    n = len(data.classes)
    side_in = max(2.2, 0.36 * n + 0.9)
    figure = new_figure((side_in * len(data.tables), side_in))
    ticks = range(n)
    for axes, (rule, rows) in zip(figure.subplots(1, len(data.tables), squeeze=False)[0], data.tables, strict=True):
        counts = np.array(rows)
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_title(rule, fontsize="small")
        axes.set_xlabel("predicted class")
        axes.set_ylabel(f"true class ({data.split} images)")
        axes.set_xticks(ticks, data.classes, rotation=90, fontsize="small")
        axes.set_yticks(ticks, data.classes, fontsize="small")
        if n > _MOST_WRITTEN:
            continue
        for row in ticks:
            for column in ticks:
                dark = shares[row, column] > 0.5
                text = str(counts[row, column])
                axes.text(column, row, text, ha="center", va="center", fontsize=6, color="white" if dark else "black")
    return figure
