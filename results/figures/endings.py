"""How trials ended, as marks and colours that are the same in every figure of a search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from results.figures.canvas import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

if TYPE_CHECKING:
    from results.records import TrialRecord


class Look(NamedTuple):
    """One kind of end. hatch tells bars apart where colours do not."""

    colour: str
    marker: str
    hatch: str = ""


_LOOKS = {
    "complete": Look(BLUE, "o"),
    "asha": Look(ORANGE, "v"),
    "median": Look(ORANGE, "v"),
    "hyperband": Look(ORANGE, "v"),
    "pbt": Look(ORANGE, "v"),
    "trial_plateau": Look(GREEN, "s", "//"),
    "trial_plateau_std": Look(SKY, "D", "\\\\"),
    "search_plateau": Look(PURPLE, "P", ".."),
    "target": Look(PURPLE, "*", "++"),
    "time_budget": Look(GREY, "d", "--"),
    "failure_budget": Look(GREY, "h", "oo"),
    "diverged": Look(VERMILION, "x", "xx"),
    "out_of_memory": Look(VERMILION, "X", "**"),
    "timed_out": Look(VERMILION, "p", "oo"),
    "crashed": Look(VERMILION, "+", "||"),
}
_FOREIGN = Look(GREY, "^", "OO")  # a stopper of somebody's own


def ending(trial: TrialRecord) -> str:
    """Who or what ended a trial: the scheduler or stopper that cut it, else its state."""
    return trial.stopped_by or str(trial.state)


def look(name: str) -> Look:
    """The mark and colour of an ending."""
    return _LOOKS.get(name, _FOREIGN)


def in_order(endings: Iterable[str]) -> list[str]:
    """Each ending once: complete first, failures last."""
    known = list(_LOOKS)
    return sorted(set(endings), key=lambda name: (known.index(name) if name in _LOOKS else len(known) - 3.5, name))
