"""What a trial goes on with half of when it runs out of memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tuner.checks.view import Cell, StudyView
from tuner.errors import Problem
from tuner.options.schedulers import PAUSING


def check_out_of_memory(view: StudyView) -> Iterator[Problem]:
    """It is a parameter of the study, a whole number wherever it has a value, and its trials are not kept by Tune."""
    search = view.study.search
    if search.out_of_memory is None:
        return
    place, name = ("search", "out_of_memory"), search.out_of_memory.halve
    if search.scheduler.name in PAUSING:
        yield Problem(place, f"is not possible with {search.scheduler.name}, which keeps its trials inside Ray Tune")
    known = tuple(sorted({*view.study.fixed, *view.study.grid, *view.space.names} | view.broken))
    if name not in known:
        yield Problem((*place, "halve"), "must be in grid, space or fixed", name, known)
    parts = {value: None for cell in view.cells for value in _values(cell, name) if not _is_whole(value)}
    if parts:
        given = ", ".join(map(str, parts))
        yield Problem((*place, "halve"), "must be a whole number wherever it has a value", f"{name} with {given}")


def _values(cell: Cell, name: str) -> Iterator[Any]:
    """Its value in a cell; of a searched one all that tell its type."""
    if name in cell.assigned:
        yield _hashable(cell.assigned[name])
    for parameter in cell.space.parameters:
        if parameter.name == name:
            yield from (_hashable(value) for branch in parameter.branches for value in branch.domain.extremes())


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
