"""How accurate a model is by each decision threshold that could have been chosen, and where the tuned ones lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.figures.canvas import GREY, legend_below, legend_lines, look, name_axes, panels
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source

STEPS = 100  # of the curves; the tuned thresholds themselves are exact
_RULES = ("absolute", "relative")
_SMALLEST = 1e-12  # a relative threshold of 0 would divide by it
_BELOW_VIEW = 0.1  # the share of a curve's thresholds whose accuracies are below what is shown, in half of the curves


class ThresholdCurve(NamedTuple):
    """accuracy: by thresholds 0 ... 1 of one class. tuned: the threshold that was chosen, with its accuracy."""

    name: str
    accuracy: tuple[float, ...]
    tuned: tuple[float, float]


class ThresholdData(NamedTuple):
    """thresholds: of all curves. panels: (decision rule, curves). default: accuracy of the likeliest class."""

    thresholds: tuple[float, ...]
    panels: tuple[tuple[str, tuple[ThresholdCurve, ...]], ...]
    default: float
    split: str


def data(source: Source) -> ThresholdData:
    """From `probabilities` [N, K], `labels` [N], `classes` [K], and the tuned `thresholds_<rule>`.

    With two classes an image is of the second one where its probability is above the threshold. With more, thresholds
    add up to 1, and an image is of the class that exceeds its own by most (absolute) or by the largest factor
    (relative): the threshold of one class is moved while the others keep the proportions that were tuned.
    Raises NotDrawnError without tuned thresholds. Source: imbalance paper, "Threshold Tuning".
    """
    probabilities, labels, classes = source.need("probabilities", "labels", "classes")
    names = [str(name) for name in classes]
    tried = np.linspace(0, 1, STEPS + 1)
    drawn: list[tuple[str, tuple[ThresholdCurve, ...]]] = []
    if "thresholds_threshold" in source.arrays:
        tuned = float(source.arrays["thresholds_threshold"][0])
        second = probabilities[:, 1]
        accuracy = [_binary(second, labels, threshold) for threshold in tried]
        curve = ThresholdCurve(names[1], tuple(accuracy), (tuned, _binary(second, labels, tuned)))
        drawn.append(("threshold", (curve,)))
    for rule in _RULES:
        if f"thresholds_{rule}" in source.arrays:
            thresholds = source.arrays[f"thresholds_{rule}"].astype(float)
            drawn.append((rule, _curves(probabilities, labels, thresholds, names, rule, tried)))
    if not drawn:
        raise NotDrawnError("the best trial kept no thresholds_threshold, thresholds_absolute or thresholds_relative")
    default = float((probabilities.argmax(1) == labels).mean())
    return ThresholdData(tuple(tried.tolist()), tuple(drawn), default, source.split)


def _binary(second: NDArray[Any], labels: NDArray[Any], threshold: float) -> float:
    return float(((second > threshold) == (labels == 1)).mean())


def _curves(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    tuned: NDArray[Any],
    names: list[str],
    rule: str,
    tried: NDArray[Any],
) -> tuple[ThresholdCurve, ...]:
    best = _several(probabilities, labels, tuned, rule)
    curves = []
    for k, name in enumerate(names):
        others = np.delete(tuned, k)
        rest = others / others.sum() if others.sum() > 0 else np.full(len(others), 1 / len(others))
        sets = (np.insert(rest * (1 - threshold), k, threshold) for threshold in tried)
        accuracy = tuple(_several(probabilities, labels, thresholds, rule) for thresholds in sets)
        curves.append(ThresholdCurve(name, accuracy, (float(tuned[k]), best)))
    return tuple(curves)


def _several(probabilities: NDArray[Any], labels: NDArray[Any], thresholds: NDArray[Any], rule: str) -> float:
    relative = rule == "relative"
    distances = probabilities / np.maximum(thresholds, _SMALLEST) if relative else probabilities - thresholds
    return float((distances.argmax(1) == labels).mean())


def draw(data: ThresholdData) -> Figure:
    """A line a class, a mark at the tuned threshold, a thin line at the default accuracy."""
    curves = [curve for _, curves in data.panels for curve in curves]
    names = list(dict.fromkeys(curve.name for curve in curves))
    default = "likeliest class, without tuning"
    title = "class whose threshold moves; mark: as tuned"
    titles = [rule for rule, _ in data.panels] if len(data.panels) > 1 else [""]
    lines = legend_lines([*names, default], title)
    figure, all_axes = panels(titles, columns=2, legend_lines=lines, row_in=2.4)
    handles = {}
    for axes, (_, members) in zip(all_axes, data.panels, strict=True):
        for curve in members:
            colour, dashes, marker = look(names.index(curve.name))
            (handles[curve.name],) = axes.plot(
                data.thresholds, curve.accuracy, color=colour, linestyle=dashes, linewidth=1.3
            )
            axes.plot(*curve.tuned, color=colour, marker=marker, markeredgecolor="white", zorder=3, clip_on=False)
        handles[default] = axes.axhline(data.default, color=GREY, linewidth=0.8, linestyle="--")
        top = max(data.default, *(max(curve.accuracy) for curve in members))
        lows = [np.quantile(curve.accuracy, _BELOW_VIEW) for curve in members]
        low = min(data.default, float(np.median(lows)))
        margin = max(0.08 * (top - low), 0.0005)
        axes.set_ylim(low - margin, top + margin)
        axes.set_xlim(0, 1)
    name_axes(
        figure, all_axes, x="threshold (probability)", y=f"accuracy (share of {data.split} images)", legend_lines=lines
    )
    legend_below(figure, {name: handles[name] for name in (*names, default)}, title)
    return figure
