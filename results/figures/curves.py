"""A metric of the training, validation and test images, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from results.figures.canvas import BLUE, GREEN, GREY, ORANGE, log_scale, plot
from results.figures.cells import SPLITS, step_name
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source

_LOOKS = {"training": (BLUE, "-"), "validation": (ORANGE, "--"), "test": (GREEN, ":")}
_UNITS = {
    "loss": "loss (mean over images)",
    "cost": "cost (mean loss + penalty)",
    "accuracy": "accuracy (share of images)",
    "geometry/cluster_size": "cluster size \u03c3 (units of the embedding)",
    "geometry/centre_distance": "centre distance \u03c1 (units of the embedding)",
    "geometry/class_distance": "distance between class centres\n(mean, units of the embedding)",
    "geometry/median_cosine": "cosine to the class centre (median)",
}
_LOGARITHMIC = ("geometry/cluster_size", "geometry/centre_distance", "geometry/class_distance")  # as the paper has them


class Line(NamedTuple):
    """One split's values at the steps that reported a finite one."""

    split: str
    steps: tuple[int, ...]
    values: tuple[float, ...]


class CurvesData(NamedTuple):
    """quantity: loss, cost or accuracy. best_step: the one that was selected. step: what a step is."""

    quantity: str
    step: str
    best_step: int
    lines: tuple[Line, ...]


def data(source: Source, quantity: str) -> CurvesData:
    """The best trial's `<split>/<quantity>`. Raises NotDrawnError if no split reported it at two steps or more."""
    lines = []
    for key, split in SPLITS.items():
        points = source.trial.series(f"{key}/{quantity}")
        if len(points) > 1:
            steps, values = zip(*points, strict=True)
            lines.append(Line(split, steps, values))
    best = source.outcome.best_result
    if not lines or best is None:
        raise NotDrawnError(f"the best trial reported no {quantity} at two steps or more")
    return CurvesData(quantity, step_name(source.search), best.step, tuple(lines))


def draw(data: CurvesData) -> Figure:
    """Lines that differ in colour and dashes, and a mark at the selected step."""
    figure, axes = plot(x=data.step, y=_UNITS.get(data.quantity, data.quantity))
    for line in data.lines:
        colour, dashes = _LOOKS[line.split]
        axes.plot(line.steps, line.values, color=colour, linestyle=dashes, linewidth=1.6, label=line.split)
    axes.axvline(data.best_step, color=GREY, linewidth=0.8, zorder=1, label=f"selected ({data.best_step})")
    if data.quantity in _LOGARITHMIC:
        log_scale(axes)
    axes.locator_params(axis="x", integer=True)
    axes.legend()
    return figure
