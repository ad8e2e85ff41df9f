"""Colours and marks of any number of classes, told apart by the colour-blind and in grey, and their legend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from results.figures.canvas import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
_MOST_NAMED = 20  # classes beyond which a legend would not fit

Rgb = tuple[float, float, float]


def colour(k: int) -> str:
    """The colour of class k, from 0; with its mark it repeats after seventy."""
    return COLOURS[k % len(COLOURS)]


def mark(k: int) -> str:
    """The mark of class k."""
    return _MARKS[k % len(_MARKS)]


def tint(code: str, strength: float) -> Rgb:
    """A "#rrggbb" colour mixed with white; strength 1 is the colour itself, 0 white."""
    channels = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (strength * channel + 1 - strength for channel in channels)
    return (red, green, blue)


def scatter_class(axes: Axes, points: NDArray[Any], k: int, *, alpha: float) -> None:
    """The images [N, 2] of class k as small marks, which an SVG holds as a picture: thousands would make it slow."""
    axes.scatter(
        points[:, 0], points[:, 1], s=4, color=colour(k), marker=mark(k), linewidths=0, alpha=alpha, rasterized=True
    )


def legend_of_classes(figure: Figure, classes: Mapping[int, str]) -> None:
    """A legend beside everything: the mark of each class by number; none where it would not fit."""
    from matplotlib.lines import Line2D

    if len(classes) > _MOST_NAMED:
        return
    entries = [
        Line2D([], [], color=colour(k), marker=mark(k), markeredgecolor="black", linestyle="none", label=name)
        for k, name in classes.items()
    ]
    figure.legend(handles=entries, loc="outside right upper", fontsize="small")
