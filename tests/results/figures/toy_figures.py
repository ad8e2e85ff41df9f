"""Figures of a gallery's tests; in a module of their own, so that other processes can import them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from results.figures.canvas import plot
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def number(source: Any) -> int:
    """How many trials there are, and the sum of an array."""
    searches = getattr(source, "searches", (source,))
    return sum(len(one.outcome.trials) + int(one.arrays["x"].sum()) for one in searches)


def draw(data: int) -> Figure:
    """A point."""
    figure, axes = plot(x="x", y="y")
    axes.plot([data], [data], marker="o")
    return figure


def nothing(source: Any) -> int:
    raise NotDrawnError("there is nothing")


def wrong(source: Any) -> int:
    raise KeyError("a mistake")


def deadly(source: Any) -> int:
    os._exit(7)


def loud(source: Any) -> int:
    sys.stdout.write("to the terminal\n")
    return 1
