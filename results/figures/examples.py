"""A few images of the data set after each step of their transform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.figures.canvas import new_figure
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from results.figures.source import Source

STEPS = ("original", "resized", "cropped", "augmented", "normalised")


class Step(NamedTuple):
    """One picture. pixels: [H, W] or [H, W, 3] in 0..1. low, high: what 0 and 1 stand for."""

    name: str
    pixels: NDArray[Any]
    low: float
    high: float


class ExamplesData(NamedTuple):
    """images: (class, or "" if it is not known; its steps), all with the same steps."""

    images: tuple[tuple[str, tuple[Step, ...]], ...]


def data(source: Source) -> ExamplesData:
    """From `example_rows` and `example_<i>_<step>` [C, H, W]; `example_labels` and `classes` name them.

    Raises NotDrawnError if nothing was kept. Source: moving targets, Figures 12 and 13.
    """
    (rows,) = source.need("example_rows")
    names = [""] * len(rows)
    if "example_labels" in source.arrays and "classes" in source.arrays:
        names = [str(source.arrays["classes"][label]) for label in source.arrays["example_labels"]]
    images = []
    for i, name in enumerate(names):
        kept = [(step, source.arrays.get(f"example_{i}_{step}")) for step in STEPS]
        images.append((name, tuple(_step(step, pixels) for step, pixels in kept if pixels is not None)))
    if not images or not images[0][1]:
        raise NotDrawnError("the best trial kept no example images")
    return ExamplesData(tuple(images))


def _step(name: str, pixels: NDArray[Any]) -> Step:
    """Bytes run from 0 to 255, other values from their lowest to their highest. Two channels: the first alone."""
    low, high = (0.0, 255.0) if pixels.dtype == np.uint8 else (float(pixels.min()), float(pixels.max()))
    scaled = (pixels.astype(np.float64) - low) / (high - low if high > low else 1.0)
    return Step(name, np.moveaxis(scaled, 0, -1) if len(pixels) == 3 else scaled[0], low, high)


def draw(data: ExamplesData) -> Figure:
    """A row an image, a column a step, with the picture's size below; pictures are scaled to one size."""
    rows, columns = len(data.images), len(data.images[0][1])
    figure = new_figure((1.35 * columns + 0.5, 1.6 * rows + 0.3))
    for row, (name, steps) in enumerate(data.images):
        for column, step in enumerate(steps):
            axes = figure.add_subplot(rows, columns, row * columns + column + 1)
            axes.imshow(step.pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            if row == 0:
                axes.set_title(step.name, fontsize="small")
            height, width = step.pixels.shape[:2]
            limits = "" if step.high == 255 else f"\n{step.low:.2g} to {step.high:.2g}"
            axes.set_xlabel(f"{height} \u00d7 {width}{limits}", fontsize="x-small")
            axes.set_ylabel(name if column == 0 else " ", fontsize="small")
    return figure
