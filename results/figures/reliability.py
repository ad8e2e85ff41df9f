"""Whether a model is right as often as it is sure: accuracy against confidence, and the calibration error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from results.figures.canvas import BLUE, GREY, VERMILION, legend_below, new_figure
from results.figures.source import NotDrawnError
from results.statistics import binomial_half_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source

BINS = 15


class Bin(NamedTuple):
    """Images with a confidence in (low, high]. n: how many. accuracy, confidence: their means, None without images."""

    low: float
    high: float
    n: int
    accuracy: float | None
    confidence: float | None


class ReliabilityData(NamedTuple):
    """error: the expected calibration error, in 0..1. accuracy, confidence: means of all. kind: of confidence."""

    bins: tuple[Bin, ...]
    error: float
    accuracy: float
    confidence: float
    n: int
    kind: str
    split: str


def data(source: Source) -> ReliabilityData:
    """From `confidence` [N] and `correct` [N]; else from `probabilities` [N, K] and `labels`.

    15 equal bins; the error is the mean over images of |accuracy - confidence| of their bin. Raises NotDrawnError if
    neither was kept. Source: "On Calibration of Modern Neural Networks", equations (2) and (3).
    """
    confidence, correct = _kept(source)
    edges = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, BINS - 1)
    bins = []
    for k in range(BINS):
        inside = place == k
        n = int(inside.sum())
        means = (float(correct[inside].mean()), float(confidence[inside].mean())) if n else (None, None)
        bins.append(Bin(float(edges[k]), float(edges[k + 1]), n, *means))
    gaps = (part.n * abs(part.accuracy - part.confidence) for part in bins if part.n)  # type: ignore[operator]
    return ReliabilityData(
        bins=tuple(bins),
        error=sum(gaps) / len(confidence),
        accuracy=float(correct.mean()),
        confidence=float(confidence.mean()),
        n=len(confidence),
        kind=str(source.arrays.get("confidence_kind", "largest probability")),
        split=source.split,
    )


def _kept(source: Source) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if "confidence" in source.arrays:
        confidence, correct = source.need("confidence", "correct")
    elif "probabilities" in source.arrays:
        probabilities, labels = source.need("probabilities", "labels")
        confidence, correct = probabilities.max(1), probabilities.argmax(1) == labels
    else:
        raise NotDrawnError("the best trial kept no confidence")
    if not len(confidence):
        raise NotDrawnError("the best trial kept no images with a confidence")
    return confidence.astype(np.float64), correct.astype(bool)


def draw(data: ReliabilityData) -> Figure:
    """Accuracy of each bin with its binomial interval and the gap to the diagonal; below, how many images it has."""
    figure = new_figure((4.0, 4.4))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    for part in data.bins:
        if part.accuracy is None or part.confidence is None:
            continue
        middle, width = (part.low + part.high) / 2, part.high - part.low
        above.bar(middle, part.accuracy, width=width, color=BLUE, alpha=0.7, edgecolor="white")
        above.plot((part.confidence,) * 2, (part.accuracy, part.confidence), color=VERMILION, linewidth=1.6)
        half = binomial_half_width(part.accuracy, part.n)
        span = [[min(half, part.accuracy)], [min(half, 1 - part.accuracy)]]  # no accuracy lies beyond 0 or 1
        above.errorbar(middle, part.accuracy, yerr=span, color="black", linewidth=0.7, capsize=2)
        below.bar(middle, part.n / data.n, width=width, color=GREY, edgecolor="white")
    above.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=0.9)
    (gap,) = above.plot([], [], color=VERMILION, linewidth=1.6)
    legend_below(figure, {"gap to the mean confidence": gap})
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel=f"accuracy ({data.split} images)")
    above.set_title(
        f"expected calibration error {data.error:.1%} ({data.n} images)\n"
        f"mean confidence {data.confidence:.1%}, accuracy {data.accuracy:.1%}",
        fontsize="small",
        loc="left",
    )
    below.set(ylabel="share of images", xlabel=f"confidence ({data.kind})")
    return figure
