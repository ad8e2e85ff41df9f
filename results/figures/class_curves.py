"""ROC and precision-recall curves of every class against the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from results.figures.canvas import GREY, look, plot
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source

_AXES = {
    "roc": ("false positive rate", "true positive rate"),
    "precision_recall": ("recall", "precision"),
}


class ClassCurve(NamedTuple):
    """One class's points, and the area under them: by trapezoids for ROC, else by steps (average precision)."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float


class ClassCurvesData(NamedTuple):
    """kind: roc or precision_recall. curves: of the classes that the split has. split: which images."""

    kind: str
    curves: tuple[ClassCurve, ...]
    split: str


def data(source: Source, kind: str) -> ClassCurvesData:
    """From `<kind>_<class's number>` [2, P] and `classes`: (FPR, TPR) of "roc", (precision, recall) otherwise."""
    (classes,) = source.need("classes")
    curves = []
    for number, name in enumerate(map(str, classes.tolist())):
        points = source.arrays.get(f"{kind}_{number}")
        if points is None:
            continue
        x, y = points.astype(float) if kind == "roc" else points.astype(float)[::-1]
        area = float(np.trapezoid(y, x)) if kind == "roc" else float(-(np.diff(x) * y[:-1]).sum())
        curves.append(ClassCurve(name, tuple(x.tolist()), tuple(y.tolist()), area))
    if not curves:
        raise NotDrawnError(f"the best trial kept no {kind}_0")
    return ClassCurvesData(kind, tuple(curves), source.split)


def draw(data: ClassCurvesData) -> Figure:
    """One line a class, the area behind its name."""
    x, y = _AXES[data.kind]
    figure, axes = plot(x=x, y=f"{y} ({data.split} images)")
    if data.kind == "roc":
        axes.plot((0, 1), (0, 1), color=GREY, linewidth=0.6, linestyle=":", label="guessing (0.500)")
    for position, curve in enumerate(data.curves):
        colour, dashes, _ = look(position)
        axes.plot(
            curve.x,
            curve.y,
            color=colour,
            linestyle=dashes,
            linewidth=1.2,
            drawstyle="default" if data.kind == "roc" else "steps-post",
            label=f"{curve.name} ({curve.area:.3f})",
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(fontsize="small", title="class (area)", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
