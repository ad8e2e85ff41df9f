"""Where figures are drawn: matplotlib without its global state, colours that the colour-blind tell apart, files.

Every import of matplotlib is inside a function: it takes a quarter of a second, and most verbs draw nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from disk import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito's palette: distinct under every common colour blindness, and in grey by the order of use.
BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY = "#666666"
COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY)
DASHES = ("-", "--", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
SIZE_IN = (5.2, 3.4)  # inches; text of nine points is then that of a two-column page
_HALF_LINE, _MOST_IN_LINE = 32, 70  # characters of small text: two columns of them, or one, are a figure wide
_SHORT_NAME = 3  # characters
_OVER_TICKS = -0.2  # where a panel's title begins, in widths of its axes: above the ticks' labels
_PNG_DPI = 150
_LINE_IN = 0.16  # a line of small text
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


def look(position: int) -> tuple[str, str, str]:
    """Colour, dashes and marker of the first, second ... of several things; 21 looks, then from the start again."""
    turn = position // len(COLOURS)
    return COLOURS[position % len(COLOURS)], DASHES[turn % len(DASHES)], MARKERS[position % len(MARKERS)]


def decorate(axes: Axes, title: str = "") -> Axes:
    """A title on the left and a pale grid, as on every pair of axes that is not a picture."""
    axes.set_title(title, fontsize="medium", loc="left")
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    return axes


def panels(
    titles: Sequence[str], *, columns: int, legend_lines: int = 0, share_y: bool = False, row_in: float = 1.55
) -> tuple[Figure, list[Axes]]:
    """A figure of our width with a pair of axes for each title, row by row, that share the x axis.

    legend_lines: what `legend_below` will take, added to the height. row_in: inches a row, titles and ticks included.
    A single panel has the usual size.
    """
    columns = min(columns, len(titles))
    rows, single = math.ceil(len(titles) / columns), len(titles) == 1
    height_in = SIZE_IN[1] if single else row_in * rows + 0.4
    figure = new_figure((SIZE_IN[0], height_in + _LINE_IN * legend_lines))
    grid = figure.subplots(rows, 1 if single else columns, squeeze=False, sharex=True, sharey=share_y)
    for position, axes in enumerate(grid.flat):
        if position >= len(titles):
            axes.remove()
            continue
        decorate(axes, titles[position] if single else wrapped(titles[position], 57 // columns))
        if not single:
            title = axes.get_title(loc="left")
            axes.set_title(title, fontsize=7, loc="left", x=0 if share_y else _OVER_TICKS)
            axes.tick_params(labelsize="small", labelbottom=position + columns >= len(titles))
    return figure, list(grid.flat[: len(titles)])


def wrapped(text: str, width: int) -> str:
    """The same over several lines of at most `width` characters, broken at spaces, long words at underscores."""
    lines = [""]
    for word in re.findall(r"\S+\s*", text):
        for part in [word] if len(word.rstrip()) <= width else re.findall(r"[^_]+_*", word):
            if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
                lines.append("")
            lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def name_axes(figure: Figure, axes: Sequence[Axes], *, x: str, y: str, legend_lines: int = 0) -> None:
    """Label the only pair of axes, or a figure's panels: y once for all, x below the last of each column.

    legend_lines: those that are below the panels, for the y label to stand beside the panels alone.
    """
    for one in axes:
        if len(axes) == 1 or one.xaxis.get_tick_params().get("labelbottom"):
            one.set_xlabel(x)
    if len(axes) == 1:
        axes[0].set_ylabel(y)
    else:
        legend = _LINE_IN * legend_lines / figure.get_figheight()
        figure.supylabel(y, fontsize="medium", y=(1 + legend) / 2)


def name_classes(axes: Axes, names: Sequence[str]) -> None:
    """The classes' names below bars at 0, 1 ...: aslant unless all are short."""
    if max(map(len, names)) <= _SHORT_NAME:
        axes.set_xticks(range(len(names)), names)
    else:
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")


def legend_below(figure: Figure, handles: Mapping[str, Any], title: str | None = None) -> None:
    """One legend for all panels, below them: nothing it could hide is there."""
    figure.legend(
        list(handles.values()),
        [wrapped(label, _MOST_IN_LINE) for label in handles],
        loc="outside lower center",
        ncols=_legend_columns(handles),
        fontsize="small",
        title=title,
        title_fontsize="small",
    )


def legend_lines(labels: Collection[str], title: str | None = None) -> int:
    """How many lines `legend_below` takes."""
    lines = sum(wrapped(label, _MOST_IN_LINE).count("\n") + 1 for label in labels)
    return math.ceil(lines / _legend_columns(labels)) + (title is not None)


def _legend_columns(labels: Collection[str]) -> int:
    return 1 if max(map(len, labels)) > _HALF_LINE else 2


def log_scale(axes: Axes) -> None:
    """A logarithmic y axis; see `logarithmic`."""
    logarithmic(axes.yaxis)


def logarithmic(axis: Axis) -> None:
    """Make an axis logarithmic, its decades labelled as plain numbers, and numbers between them where these are few.

    Call it once everything is drawn.
    """
    set_scale = axis.axes.set_xscale if axis is axis.axes.xaxis else axis.axes.set_yscale
    set_scale("log")
    low, high = axis.get_view_interval()
    named: tuple[int, ...] = ()
    if high / low < 300:
        named = (2, 3, 4, 5, 6, 8) if high / low < 8 else (2, 5)
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(lambda value, _: f"{value:g}" if int(f"{value:e}"[0]) in named else "")


def plot(*, x: str, y: str, title: str = "") -> tuple[Figure, Axes]:
    """A figure with one pair of axes, labelled."""
    figure = new_figure()
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, decorate(axes, title)


def save(figure: Figure, path: Path) -> tuple[Path, ...]:
    """Write `path` with .svg and .png appended; returns both. Raises DiskFullError if there is no room for one.

    Everything is laid out once. `savefig` would do it for each file, several times, which takes longer than drawing.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    svg, png = (path.with_name(f"{path.name}.{suffix}") for suffix in ("svg", "png"))
    canvas, dpi = figure.canvas, figure.dpi
    with styled():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        try:
            vector: Any = FigureCanvasSVG(figure)
            write_whole(svg, lambda file: vector.print_svg(file, metadata={"Date": None}), flushed=False)
            figure.set_dpi(_PNG_DPI)
            raster: Any = FigureCanvasAgg(figure)
            write_whole(png, lambda file: raster.print_png(file, metadata={"Software": None}), flushed=False)
        finally:
            figure.set_dpi(dpi)
            figure.set_canvas(canvas)
    return svg, png
