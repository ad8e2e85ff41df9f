"""One value of a table at its place. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from results.pivot.contents import Content
from results.pivot.layout import Key
from results.pivot.values import Value
from results.records import Mode, SearchOutcome
from results.significance import Comparison


@dataclass(frozen=True, kw_only=True)
class Datum:
    """metric: the name that the content's pattern came to.

    group: those of one group are compared with each other; None is compared with nothing. comparison: with the best
    of the group, None for the best itself. tied: not significantly worse than it.
    """

    row: Key
    column: Key
    content: Content
    metric: str
    value: Value
    outcome: SearchOutcome
    mode: Mode
    group: Key | None = None
    best: bool = False
    tied: bool = False
    comparison: Comparison | None = None
