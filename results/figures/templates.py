"""The weights of each class of a linear classifier as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source

_MOST_COLUMNS = 10


class TemplatesData(NamedTuple):
    """pictures: RGB [K, H, W, 3] in 0..1, each class scaled by itself, or grey [K, H, W] in units of the weights.

    limit: the largest absolute weight of all classes, where white is 0; None for RGB.
    """

    classes: tuple[str, ...]
    pictures: NDArray[Any]
    limit: float | None


def data(source: Source) -> TemplatesData:
    """From `templates` [K, C, H, W] and `classes`: colours run from a class's smallest to its largest weight."""
    templates, classes = source.need("templates", "classes")
    names = tuple(map(str, classes.tolist()))
    if templates.shape[1] != 3:
        return TemplatesData(names, templates[:, 0], float(np.abs(templates[:, 0]).max()))
    low, high = (f(templates, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    scaled = (templates - low) / np.where(high > low, high - low, 1)
    return TemplatesData(names, np.moveaxis(scaled, 1, 3), None)


def draw(data: TemplatesData) -> Figure:
    """One small picture a class; grey ones with a scale, violet below zero and orange above."""
    columns = min(math.ceil(len(data.classes) / max(1, round(math.sqrt(len(data.classes) / 2.5)))), _MOST_COLUMNS)
    rows = math.ceil(len(data.classes) / columns)
    figure = new_figure((1.05 * columns, 1.25 * rows + 0.3))
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, name, picture in zip(panels.flat, data.classes, data.pictures, strict=False):
        axes.set_title(name, fontsize="small")
        if data.limit is None:
            axes.imshow(picture, interpolation="nearest")
            continue
        shown = axes.imshow(picture, cmap="PuOr_r", vmin=-data.limit, vmax=data.limit, interpolation="nearest")
    if data.limit is None:
        figure.supxlabel("each class from its smallest to its largest weight", fontsize="small")
    else:
        figure.colorbar(shown, ax=panels, label="weight (per deviation of a pixel)", shrink=0.8)
    return figure
