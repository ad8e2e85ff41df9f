"""Clusters as circles around their class centres, and how far these lie from the global centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.figures.canvas import GREY, new_figure
from results.figures.class_marks import colour, legend_of_classes, mark, scatter_class
from results.figures.embedding_space import by_angle
from results.figures.plane import plane_of
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source


class Cluster(NamedTuple):
    """One class. centre and radius: in the plane, where half of its images lie within. size: sigma, distance: rho."""

    name: str
    number: int
    centre: tuple[float, float]
    radius: float
    size: float
    distance: float


class ClustersData(NamedTuple):
    """points [N, 2], labels [N]. sigma: median over all images, rho: mean over classes, in all D dimensions."""

    points: NDArray[Any]
    labels: NDArray[np.int64]
    axes: tuple[str, str]
    dimension: int
    clusters: tuple[Cluster, ...]
    global_centre: tuple[float, float]
    sigma: float
    rho: float


def data(source: Source) -> ClustersData:
    """From `embeddings`, `embedded`, `labels`, `classes`: centres are the means of the images that were kept.

    Radii are medians of the distances in the plane, so that each circle holds half of its class; sigma and rho are
    those of the whole space. Source: moving targets, section III-B and Figure 4.
    """
    embeddings, embedded, all_labels, classes = source.need("embeddings", "embedded", "labels", "classes")
    space, labels = embeddings.astype(np.float64), all_labels[embedded]
    plane = plane_of(embeddings, through_origin=by_angle(source))
    points = plane.place(embeddings)
    present = np.unique(labels)
    if not len(present):
        raise NotDrawnError("the best trial kept no embeddings of a class")
    centres = {int(k): space[labels == k].mean(0) for k in present}
    middle = np.mean(list(centres.values()), axis=0)
    distances = np.linalg.norm(space - np.stack([centres[int(k)] for k in labels]), axis=1)
    clusters = []
    for k, centre in centres.items():
        own, place = labels == k, plane.place(centre[None])[0]
        clusters.append(
            Cluster(
                str(classes[k]),
                k,
                (float(place[0]), float(place[1])),
                float(np.median(np.linalg.norm(points[own] - place, axis=1))),
                float(np.median(distances[own])),
                float(np.linalg.norm(centre - middle)),
            )
        )
    x, y = plane.place(middle[None])[0].tolist()
    rho = float(np.mean([cluster.distance for cluster in clusters]))
    sigma = float(np.median(distances))
    return ClustersData(points, labels, plane.labels, space.shape[1], tuple(clusters), (x, y), sigma, rho)


def draw(data: ClustersData) -> Figure:
    """Pale points, a circle a class, a line from the global centre to each class centre."""
    from matplotlib.patches import Circle

    figure = new_figure((5.6, 4.4))
    axes = figure.add_subplot()
    for cluster in data.clusters:
        shade = colour(cluster.number)
        scatter_class(axes, data.points[data.labels == cluster.number], cluster.number, alpha=0.25)
        axes.plot(*zip(data.global_centre, cluster.centre, strict=True), color=GREY, linewidth=0.7, linestyle="--")
        axes.add_patch(Circle(cluster.centre, cluster.radius, facecolor="none", edgecolor=shade, linewidth=1.4))
        axes.plot(*cluster.centre, color=shade, marker=mark(cluster.number), markeredgecolor="black", markersize=5)
    axes.plot(*data.global_centre, marker="*", markersize=11, color="black")
    bulk = np.percentile(data.points, (1, 99), axis=0)
    reach = max(cluster.radius for cluster in data.clusters)
    marked = np.vstack([bulk, *[np.array(cluster.centre) + reach * np.array([[1], [-1]]) for cluster in data.clusters]])
    axes.set_aspect("equal", adjustable="box")
    axes.set(xlim=(marked[:, 0].min(), marked[:, 0].max()), ylim=(marked[:, 1].min(), marked[:, 1].max()))
    axes.set(xlabel=data.axes[0], ylabel=data.axes[1])
    axes.set_title(
        f"cluster size \u03c3 {data.sigma:.3g}, centre distance \u03c1 {data.rho:.3g} in {data.dimension} dimensions\n"
        "circles hold half of their class; star: global centre",
        fontsize="small",
        loc="left",
    )
    legend_of_classes(figure, {cluster.number: cluster.name for cluster in data.clusters})
    return figure
