"""The embedding space in two dimensions: images, class centres, class embeddings, and which class is nearest where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.figures.canvas import new_figure
from results.figures.class_marks import colour, legend_of_classes, mark, scatter_class, tint
from results.figures.plane import plane_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source

_CELLS = 200  # of the regions, along each axis
_TAILS = 0.5  # per cent of the images at each end that do not widen the picture


class Regions(NamedTuple):
    """what: "class centre" or "class embedding". rule: the decision rule. references [K, 2], NaN for an unseen class.

    nearest [H, W]: the class at each place. agreement: the share of the images shown that lie in the region of the
    class that the classifier gives them, from all dimensions.
    """

    what: str
    rule: str
    references: NDArray[Any]
    nearest: NDArray[np.int64]
    agreement: float


class EmbeddingSpaceData(NamedTuple):
    """points [N, 2] and their labels [N]. window: (left, right, bottom, top). outside: images not in the window."""

    points: NDArray[Any]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    axes: tuple[str, str]
    window: tuple[float, float, float, float]
    outside: int
    exact: bool
    regions: tuple[Regions, ...]


def data(source: Source) -> EmbeddingSpaceData:
    """From `embeddings`, `embedded`, `labels`, `class_centres`, `classes`; `class_embeddings` and `rule` if kept.

    Regions are of the nearest reference as it lies in the plane: by distance, or by angle for the cosine rules. In two
    dimensions that is the classifier itself. Source: moving targets, Figures 2 and 3.
    """
    embeddings, embedded, labels, centres, classes = source.need(
        "embeddings", "embedded", "labels", "class_centres", "classes"
    )
    cosine = by_angle(source)
    plane = plane_of(embeddings, through_origin=cosine)
    points = plane.place(embeddings)
    references = {"class centre": plane.place(centres)}
    if "class_embeddings" in source.arrays:
        references["class embedding"] = plane.place(source.arrays["class_embeddings"])
    window = _window(points, np.vstack([*references.values(), *([np.zeros((1, 2))] if cosine else [])]))
    regions = tuple(_regions(source, what, places, points, embedded, window) for what, places in references.items())
    left, right, bottom, top = window
    inside = (points[:, 0] >= left) & (points[:, 0] <= right) & (points[:, 1] >= bottom) & (points[:, 1] <= top)
    names = tuple(map(str, classes.tolist()))
    outside = int((~inside).sum())
    return EmbeddingSpaceData(
        points, labels[embedded], names, plane.labels, window, outside, plane.shares is None, regions
    )


def by_angle(source: Source) -> bool:
    """Whether the model's decision rule, `rule`, compares directions."""
    return str(source.arrays.get("rule", "")).startswith("cos")


def nearest(points: NDArray[Any], references: NDArray[Any], *, cosine: bool) -> NDArray[np.int64]:
    """The class of the nearest reference [K, 2] for points [..., 2]: by distance, or by angle seen from the origin.

    References with NaN are never nearest.
    """
    if cosine:
        lengths = np.linalg.norm(references, axis=1, keepdims=True)
        scores = points @ (references / np.where(lengths > 0, lengths, 1)).T
    else:
        scores = -np.linalg.norm(points[..., None, :] - references, axis=-1)
    chosen: NDArray[np.int64] = np.where(np.isnan(scores), -np.inf, scores).argmax(-1)
    return chosen


def _regions(
    source: Source,
    what: str,
    references: NDArray[Any],
    points: NDArray[Any],
    embedded: NDArray[Any],
    window: tuple[float, float, float, float],
) -> Regions:
    cosine = by_angle(source)
    rule = ("cos" if cosine else "euc") + ("_ce" if what == "class embedding" else "")
    (predicted,) = source.need(f"predictions_{rule}")
    left, right, bottom, top = window
    grid = np.stack(np.meshgrid(_middles(left, right), _middles(bottom, top)), axis=-1)
    agreement = float((nearest(points, references, cosine=cosine) == predicted[embedded]).mean())
    return Regions(what, rule, references, nearest(grid, references, cosine=cosine), agreement)


def _middles(low: float, high: float) -> NDArray[Any]:
    edges = np.linspace(low, high, _CELLS + 1)
    middles: NDArray[Any] = (edges[1:] + edges[:-1]) / 2
    return middles


def _window(points: NDArray[Any], references: NDArray[Any]) -> tuple[float, float, float, float]:
    """Around all references and all but the outermost images, with a margin."""
    bulk = np.percentile(points, (_TAILS, 100 - _TAILS), axis=0)
    marked = np.vstack([bulk, references[~np.isnan(references).any(1)]])
    low, high = marked.min(0), marked.max(0)
    margin = 0.06 * np.where(high > low, high - low, 1)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return left, right, bottom, top


def draw(data: EmbeddingSpaceData) -> Figure:
    """A panel for each kind of reference; regions are pale, images small, references large."""
    figure = new_figure((4.0 * len(data.regions) + 1.0, 4.1))
    for axes, regions in zip(figure.subplots(1, len(data.regions), squeeze=False)[0], data.regions, strict=True):
        _draw_panel(axes, data, regions)
    legend_of_classes(figure, dict(enumerate(data.classes)))
    return figure


def _draw_panel(axes: Axes, data: EmbeddingSpaceData, regions: Regions) -> None:
    tints = np.array([tint(colour(k), 0.25 - 0.1 * (k // 7 % 2)) for k in range(len(data.classes))])
    axes.imshow(tints[regions.nearest], extent=data.window, origin="lower", aspect="auto", interpolation="nearest")
    for k in range(len(data.classes)):
        scatter_class(axes, data.points[data.labels == k], k, alpha=0.7)
        place = regions.references[k]
        if np.isnan(place).any():
            continue
        axes.plot(*place, color=colour(k), marker=mark(k), markersize=8, markeredgecolor="black")
    left, right, bottom, top = data.window
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel=data.axes[0], ylabel=data.axes[1])
    notes = [f"nearest {regions.what}, {'by angle' if regions.rule.startswith('cos') else 'by distance'}"]
    if not data.exact:
        notes.append(f"{regions.agreement:.0%} of images lie in the region of their predicted class")
    if data.outside:
        notes.append(f"{data.outside} of {len(data.points)} images lie outside")
    axes.set_title("\n".join(notes), fontsize="small", loc="left")
