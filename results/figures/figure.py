"""What a catalogue holds of a figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


class Figure(NamedTuple):
    """data: what is shown, of a Source or StudySource; raises NotDrawnError where that has none.

    draw: puts it on a new canvas.
    """

    about: str
    data: Callable[[Any], Any]
    draw: Callable[[Any], Canvas]
