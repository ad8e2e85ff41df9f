"""Which share of each class's images is recognised, and which classes are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from results.figures.canvas import BLUE, GREY, VERMILION, name_classes, plot
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source

RECOGNISED = 0.5  # "not able to classify" is read as fewer than half, as in verification
_SLOTS = 6
_Z = 1.959963984540054  # of 95%


class RecallData(NamedTuple):
    """Of each class that has images: recall, the bounds of its 95% interval (Wilson's), and the number of images."""

    classes: tuple[str, ...]
    recalls: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    images: tuple[int, ...]
    split: str


def data(source: Source) -> RecallData:
    """From `confusion_matrix` [K, K], rows the true classes, and `classes`; classes without images are left out."""
    counts, names = source.need("confusion_matrix", "classes")
    images = counts.sum(1)
    present = np.flatnonzero(images)
    if not present.size:
        raise NotDrawnError("the best trial's confusion matrix holds no images")
    n, right = images[present].astype(float), np.diagonal(counts)[present]
    share = right / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return RecallData(
        tuple(str(names[k]) for k in present),
        tuple(share.tolist()),
        tuple((middle - half).tolist()),
        tuple((middle + half).tolist()),
        tuple(images[present].tolist()),
        source.split,
    )


def draw(data: RecallData) -> Figure:
    """A bar a class with its interval; hatched where fewer than half of the images are recognised."""
    figure, axes = plot(x="class", y=f"recall (share of {data.split} images)")
    for position, recall in enumerate(data.recalls):
        known = recall >= RECOGNISED
        axes.bar(
            position,
            recall,
            width=0.7,
            color=BLUE if known else "none",
            edgecolor=BLUE if known else VERMILION,
            hatch=None if known else "////",
        )
        axes.vlines(position, data.low[position], data.high[position], color="black", linewidth=1)
    axes.axhline(RECOGNISED, color=GREY, linewidth=0.8, linestyle="--")
    name_classes(axes, data.classes)
    spare = max(0, _SLOTS - len(data.classes)) / 2  # two bars are not to fill the page
    axes.set_xlim(-0.6 - spare, len(data.classes) - 0.4 + spare)
    axes.set_ylim(0, 1.02)
    axes.grid(visible=False, axis="x")
    axes.set_title("line: 95% interval; hatched: fewer than half recognised", loc="left", fontsize="small")
    return figure
