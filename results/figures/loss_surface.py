"""The loss over a plane of the embedding space, as a function of one class embedding and of one embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.figures.canvas import legend_below, new_figure
from results.figures.class_marks import colour, legend_of_classes, mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source

_BANDS = 24


class Surface(NamedTuple):
    """of: "class embedding" or "embedding", what is moved. values [H, W]: the loss of one image.

    levels: bounds of bands that cover equal areas of the plane, ascending: some losses have poles, beside which a
    linear scale would show nothing else.
    """

    of: str
    values: NDArray[Any]
    levels: tuple[float, ...]


class LossSurfaceData(NamedTuple):
    """x [W], y [H]: coordinates. points [M, 2]: class embeddings, the own one first; classes: number and name of each.

    e [2]: the embedding, the own class's centre. whole: whether the plane is the whole embedding space.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    surfaces: tuple[Surface, ...]
    points: NDArray[Any]
    classes: dict[int, str]
    e: NDArray[Any]
    whole: bool


def data(source: Source) -> LossSurfaceData:
    """From `surface_*`, `classes` and `class_embeddings`. Source: moving targets, Figures 5-7, 9 and 10."""
    x, y, of_class_embedding, of_embedding, shown, points, e = source.need(
        "surface_x",
        "surface_y",
        "surface_of_class_embedding",
        "surface_of_embedding",
        "surface_classes",
        "surface_points",
        "surface_e",
    )
    names, class_embeddings = source.need("classes", "class_embeddings")
    moved = {"class embedding": of_class_embedding, "embedding": of_embedding}
    surfaces = tuple(Surface(name, values, _levels(values)) for name, values in moved.items())
    classes = {int(k): str(names[k]) for k in shown}
    return LossSurfaceData(x, y, surfaces, points, classes, e, class_embeddings.shape[1] == 2)


def _levels(values: NDArray[Any]) -> tuple[float, ...]:
    levels = np.unique(np.quantile(values.astype(np.float64), np.linspace(0, 1, _BANDS + 1)))
    if len(levels) < 2:
        levels = np.array([levels[0], levels[0] + 1])
    return tuple(levels.tolist())


def draw(data: LossSurfaceData) -> Figure:
    """Two panels, dark where the loss is low. Each shade covers as much of the plane as any other."""
    from matplotlib.colors import BoundaryNorm

    figure = new_figure((9.6, 4.0))
    for axes, surface in zip(figure.subplots(1, 2), data.surfaces, strict=True):
        norm = BoundaryNorm(surface.levels, 256)
        filled = axes.contourf(data.x, data.y, surface.values, surface.levels, cmap="cividis", norm=norm)
        step = max(1, len(surface.levels) // 6)
        bar = figure.colorbar(filled, ax=axes, label="loss of one image", ticks=surface.levels[::step])
        bar.minorticks_off()
        bar.ax.set_yticklabels([f"{level:.3g}" for level in surface.levels[::step]])
        _mark(axes, data, of_class_embedding=surface.of == "class embedding")
    _keys(figure, data)
    return figure


def _mark(axes: Axes, data: LossSurfaceData, *, of_class_embedding: bool) -> None:
    """Class embeddings and e; what is moved is hollow, where it was learnt."""
    for n, (k, place) in enumerate(zip(data.classes, data.points, strict=True)):
        hollow = n == 0 and of_class_embedding
        face = "none" if hollow else colour(k)
        axes.plot(*place, marker=mark(k), markersize=7 if n else 10, color=face, markeredgecolor="white")
    face = "none" if not of_class_embedding else "white"
    axes.plot(*data.e, marker="*", markersize=13, color=face, markeredgecolor="white")
    unit = "dimension" if data.whole else "direction of the plane"
    axes.set(xlabel=f"first {unit}", ylabel=f"second {unit}")
    axes.set_aspect("equal", adjustable="box")
    moved = "its class embedding" if of_class_embedding else "the embedding"
    axes.set_title(f"loss as a function of {moved}", fontsize="medium", loc="left")


def _keys(figure: Figure, data: LossSurfaceData) -> None:
    from matplotlib.lines import Line2D

    own = next(iter(data.classes.values()))
    star = Line2D([], [], marker="*", markersize=11, linestyle="none", color="white", markeredgecolor="black")
    legend_below(figure, {f"the embedding: the centre of {own} (hollow: what is moved, where it was learnt)": star})
    legend_of_classes(figure, dict(sorted(data.classes.items())))
