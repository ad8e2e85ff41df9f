"""How probable the model holds the right class, for images that it gets right and wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from results.figures.canvas import BLUE, VERMILION, plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source

BINS = 25


class TrueClassProbabilityData(NamedTuple):
    """edges: of the bins, one more than there are. right, wrong: images in each. split: which images."""

    edges: tuple[float, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    split: str


def data(source: Source) -> TrueClassProbabilityData:
    """Counts in 25 equal bins of [0, 1] (1 itself in the last), from `true_class_probability` [N] and predictions."""
    probability, labels, predicted = source.need("true_class_probability", "labels", "predictions_argmax")
    edges = np.linspace(0, 1, BINS + 1)
    right = predicted == labels
    in_right, in_wrong = (np.histogram(probability[chosen], edges)[0].tolist() for chosen in (right, ~right))
    return TrueClassProbabilityData(tuple(edges.tolist()), tuple(in_right), tuple(in_wrong), source.split)


def draw(data: TrueClassProbabilityData) -> Figure:
    """Two histograms over each other, one filled and one hatched."""
    figure, axes = plot(x="probability of the true class", y=f"{data.split} images")
    axes.stairs(data.right, data.edges, fill=True, color=BLUE, alpha=0.55, label=f"right ({sum(data.right)})")
    axes.stairs(
        data.wrong,
        data.edges,
        fill=True,
        facecolor="none",
        edgecolor=VERMILION,
        hatch="////",
        linewidth=1.2,
        label=f"wrong ({sum(data.wrong)})",
    )
    axes.set_xlim(0, 1)
    axes.legend()
    return figure
