"""How many training images each class has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from results.figures.canvas import BLUE, name_classes, plot
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source

_MOST_NAMED = 30  # classes beyond which their names would run into each other


class ClassDistributionData(NamedTuple):
    """images: of each class, in the order of the labels."""

    classes: tuple[str, ...]
    images: tuple[int, ...]


def data(source: Source) -> ClassDistributionData:
    """From `train_class_counts` [K] and `classes` [K]. Source: digits network, III-A and Figure 3."""
    counts, classes = source.need("train_class_counts", "classes")
    if not counts.sum():
        raise NotDrawnError("the best trial was trained on no images")
    return ClassDistributionData(tuple(map(str, classes)), tuple(counts.tolist()))


def draw(data: ClassDistributionData) -> Figure:
    """A bar a class, its number above it."""
    figure, axes = plot(x="class", y="training images")
    bars = axes.bar(range(len(data.images)), data.images, width=0.7, color=BLUE)
    axes.grid(visible=False, axis="x")
    if len(data.classes) <= _MOST_NAMED:
        axes.bar_label(bars, fontsize=7, padding=1)
        name_classes(axes, data.classes)
    return figure
