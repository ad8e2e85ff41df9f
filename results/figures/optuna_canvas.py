"""Optuna's figures without what they leave behind: pyplot's open figures, its settings, warnings on the terminal."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from results.figures.canvas import SIZE_IN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE = "ggplot"  # the one that Optuna switches to
_GRID: Any = {
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "figure.constrained_layout.use": True,
}
_CHARACTERS_PER_INCH = 13  # of a title in nine points


@contextmanager
def quiet() -> Iterator[None]:
    """Neither Optuna's log lines nor warnings of experimental features inside."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)


@contextmanager
def optuna_drawing(size_in: tuple[float, float] = SIZE_IN) -> Iterator[None]:
    """For a call of `optuna.visualization.matplotlib` in our style, on Agg; afterwards all is as it was.

    Figures that were made inside are closed: they live on as objects that pyplot does not know.
    """
    import matplotlib as mpl
    from matplotlib import pyplot as plt
    from matplotlib import style

    backend, open_before = mpl.get_backend(), set(plt.get_fignums())
    theirs = style.library[_STYLE]
    with quiet(), mpl.rc_context({**_GRID, "figure.figsize": size_in}):
        try:
            plt.switch_backend("agg")
            style.library[_STYLE] = mpl.RcParams(_GRID)
            yield
        finally:
            style.library[_STYLE] = theirs
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)
            plt.switch_backend(backend)


def figure_of(drawn: Any) -> Figure:
    """The figure that Optuna's axes, one or an array of them, are in."""
    figure: Figure = np.ravel(drawn)[0].figure
    return figure


def head(figure: Figure, *lines: str) -> None:
    """Our title over the whole figure instead of Optuna's, wrapped to its width."""
    for axes in figure.axes:
        for place in ("left", "center", "right"):
            axes.set_title("", loc=place)
    width = max(20, int(figure.get_figwidth() * _CHARACTERS_PER_INCH))
    text = "\n".join(textwrap.fill(line, width) for line in lines)
    figure.suptitle(text, x=0.01, ha="left", fontsize="medium")
