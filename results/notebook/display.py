"""Figures appear under a cell although nothing has imported pyplot: ours belong to no window and no global state."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 110


def show_figures() -> None:
    """In IPython, show a matplotlib Figure that a cell ends with as a picture. Elsewhere nothing happens.

    A notebook that imports pyplot itself gets pyplot's pictures, which take the place of these.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    formatter: Any = getattr(getattr(shell, "display_formatter", None), "formatters", {}).get("image/png")
    if formatter is not None and not _knows_figures(formatter):
        formatter.for_type_by_name("matplotlib.figure", "Figure", png)


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG."""
    from results.figures.canvas import styled

    written = io.BytesIO()
    with styled():
        figure.savefig(written, format="png", dpi=_DOTS_PER_INCH)
    return written.getvalue()


def _knows_figures(formatter: Any) -> bool:
    figures = sys.modules.get("matplotlib.figure")
    return figures is not None and figures.Figure in formatter
