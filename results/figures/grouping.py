"""Which panel, colour and style each search of a study gets: by its place in the grid. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from results.figures.source import Source, StudySource

# What the papers put where: a picture a data set, a colour a loss, a size a network. Other factors take what is free.
_USUAL = {"panel": ("dataset",), "colour": ("loss", "strategy"), "style": ("backbone", "model", "network")}
_FREE = ("colour", "style", "panel")


class Placed(NamedTuple):
    """A search with a best trial. panel, colour, style: the values of the factors shown so, "" where there is none."""

    panel: str
    colour: str
    style: str
    source: Source


class Arranged(NamedTuple):
    """The searches of a study, and what each role stands for: names of factors, "" where there is none."""

    panel: str
    colour: str
    style: str
    searches: tuple[Placed, ...]

    def values(self, role: str) -> tuple[str, ...]:
        """The values that a role has, in the order of the grid. role: panel, colour or style."""
        return tuple(dict.fromkeys(getattr(search, role) for search in self.searches))


def arrange(study: StudySource) -> Arranged:
    """Place every search that has a best trial. Raises NotDrawnError if none has.

    Only factors that differ between searches count. Those with a usual role take it; each other one takes the first
    role that is free, and all that are left share the panels.
    """
    sources = [source for source in study.searches if source.outcome.best_trial is not None]
    if not sources:
        raise NotDrawnError("no search has a trial that succeeded")
    roles = _roles([source.search.cell for source in sources])
    placed = []
    for source in sources:
        cell = source.search.cell
        values = {role: ", ".join(str(cell.get(name, "-")) for name in names) for role, names in roles.items()}
        placed.append(Placed(**values, source=source))
    return Arranged(**{role: ", ".join(names) for role, names in roles.items()}, searches=tuple(placed))


def alone(source: Source) -> Arranged:
    """One search by itself. Raises NotDrawnError if it has no best trial."""
    source.trial  # noqa: B018  (raises)
    return Arranged("", "", "", (Placed("", "", "", source),))


def selection_split(placed: Placed) -> str:
    """The split of the metric that picks trials: val, or test by the protocol of that name."""
    split, _, name = placed.source.search.metric.partition("/")
    return split if name else "val"


def _roles(cells: Sequence[Any]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for cell in cells for name in cell)
    varying = [name for name in names if len({repr(cell.get(name)) for cell in cells}) > 1]
    roles: dict[str, list[str]] = {"panel": [], "colour": [], "style": []}
    for name in varying:
        usual = next((role for role, known in _USUAL.items() if name in known and not roles[role]), None)
        if usual is not None:
            roles[usual].append(name)
    for name in varying:
        if not any(name in taken for taken in roles.values()):
            roles[next((role for role in _FREE if not roles[role]), "panel")].append(name)
    return roles
