"""Which panel, colour and style each search of a study gets: by its place in the grid. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures.cells import MOST_PANELS, differing, speaking, text_of
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from results.figures.source import Source, StudySource

# What the papers put where: a picture a data set, a colour a loss, a size a network. Other factors take what is free.
_USUAL = {"panel": ("dataset",), "colour": ("loss", "strategy"), "style": ("backbone", "model", "network")}
_FREE = ("colour", "style", "panel")
_MOST_STYLES = 4  # sizes or widths that can be told apart


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
    """Place every search that has a best trial. Raises NotDrawnError if none has, or for more than sixteen panels.

    Only factors that differ between searches count. Those with a usual role take it; each other one takes the first
    role that is free, and all that are left share the panels. What has more than four values is no style.
    """
    sources = [source for source in study.searches if source.outcome.best_trial is not None]
    if not sources:
        raise NotDrawnError("no search has a trial that succeeded")
    grid = [source.search.cell for source in sources]
    roles, bare = _roles(grid), speaking(grid)
    placed = []
    for source in sources:
        values = {role: text_of(source.search.cell, names, bare) for role, names in roles.items()}
        placed.append(Placed(**values, source=source))
    if (n_panels := len({search.panel for search in placed})) > MOST_PANELS:
        raise NotDrawnError(f"{n_panels} panels, one for each {' and '.join(roles['panel'])}, are too many to compare")
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
    varying = differing(cells)
    many = {name for name in varying if len({repr(cell.get(name)) for cell in cells}) > _MOST_STYLES}
    roles: dict[str, list[str]] = {"panel": [], "colour": [], "style": []}

    def free(name: str, role: str) -> bool:
        return not roles[role] and not (role == "style" and name in many)

    for name in varying:
        usual = next((role for role, known in _USUAL.items() if name in known and free(name, role)), None)
        if usual is not None:
            roles[usual].append(name)
    for name in varying:
        if not any(name in taken for taken in roles.values()):
            roles[next((role for role in _FREE if free(name, role)), "panel")].append(name)
    return roles
