"""A study with its space parsed, as far as it can be: what the checks look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from search_spaces.space import Space
from search_spaces.violations import SpaceError
from tuner.errors import Problem
from tuner.study import Scalar, Study
from tuner.yaml_lines import Path


@dataclass(frozen=True)
class Cell:
    """One cell of the grid with what is fixed there, and the space that is left to search."""

    values: dict[str, Scalar]
    assigned: dict[str, Any]
    space: Space


@dataclass(frozen=True)
class StudyView:
    """A study, its space without the entries that break a rule, and those entries' names and problems."""

    study: Study
    space: Space
    broken: frozenset[str]
    space_problems: tuple[Problem, ...]

    @classmethod
    def of(cls, study: Study) -> StudyView:
        """Parse the study's space; entries with a problem are left out, so that the others are still judged."""
        try:
            return cls(study, Space.parse(study.space), frozenset(), ())
        except SpaceError as error:
            violations = error.violations
        problems = tuple(Problem(("space", *v.path), v.rule, v.given, v.choices) for v in violations)
        broken = frozenset(str(violation.path[0]) for violation in violations if violation.path)
        kept = {name: entry for name, entry in study.space.items() if name not in broken}
        try:
            return cls(study, Space.parse(kept), broken, problems)
        except SpaceError:
            return cls(study, Space(()), broken | study.space.keys(), problems)

    @cached_property
    def unsettled(self) -> frozenset[str]:
        """Names that cannot be judged: their entry is broken, or waits on a name that is not there."""
        unsettled = set(self.broken)
        known = {*self.space.names, *self.study.grid, *self.study.fixed}
        while True:
            hanging = {p.name for p in self.space.parameters if any(k in unsettled or k not in known for k in p.keys)}
            if hanging <= unsettled:
                return frozenset(unsettled)
            unsettled |= hanging

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, without the parameters that cannot be judged; none where two branches hold at once."""
        given = {*self.study.fixed, *self.study.grid}  # a name that is searched as well is a problem of its own
        left_out = given | self.unsettled
        try:
            searched = Space(tuple(p for p in self.space.parameters if p.name not in left_out))
            return tuple(self._cell(searched, values) for values in self.study.cells())
        except SpaceError:
            return ()

    def _cell(self, searched: Space, values: dict[str, Scalar]) -> Cell:
        assigned = {**self.study.fixed, **values}
        return Cell(values, assigned, searched.project(assigned))

    def place(self, name: str, cell: Cell | None = None) -> Path:
        """Where a key of a trial's configuration is written."""
        if name in self.study.grid:
            if cell is None:
                return ("grid", name)
            return ("grid", *self.study.grid.place(name, cell.values))
        return ("fixed", name) if name in self.study.fixed else ("space", name)
