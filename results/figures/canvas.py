"""Where figures are drawn: matplotlib without its global state, colours that the colour-blind tell apart, files.

Every import of matplotlib is inside a function: it takes a quarter of a second, and most verbs draw nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette: distinct under every common colour blindness, and in grey by the order of use.
BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY = "#666666"
SIZE_IN = (5.2, 3.4)  # inches; text of nine points is then that of a two-column page
_SETTINGS: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "tuner",  # the same data give the same file
    "svg.fonttype": "none",
}


@contextmanager
def styled() -> Iterator[None]:
    """Our settings, for what is drawn or saved inside, and the caller's afterwards."""
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS):
        yield


def new_figure(size_in: tuple[float, float] = SIZE_IN) -> Figure:
    """An empty figure on an Agg canvas, which needs no display. It belongs to nobody: pyplot does not know it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_in, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def plot(*, x: str, y: str, title: str = "") -> tuple[Figure, Axes]:
    """A figure with one pair of axes, labelled."""
    figure = new_figure()
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, fontsize="medium", loc="left")
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    return figure, axes


def save(figure: Figure, path: Path) -> tuple[Path, ...]:
    """Write `path` with .svg and .png appended; returns both."""
    files = tuple(path.with_name(f"{path.name}.{suffix}") for suffix in ("svg", "png"))
    with styled():
        figure.savefig(files[0], metadata={"Date": None})
        figure.savefig(files[1], dpi=150, metadata={"Software": None})
    return files
