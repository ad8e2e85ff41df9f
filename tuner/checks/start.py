"""Start points lie in the space of at least one cell, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from search_spaces.domains import Constant
from search_spaces.effort import spend
from search_spaces.parameters import Branch
from search_spaces.space import Space
from tuner.checks.view import StudyView
from tuner.errors import Problem


def check_start_with(view: StudyView) -> Iterator[Problem]:
    """Keys that are active in no cell, and values that fit no cell in which they are active."""
    study = view.study
    for index, point in enumerate(study.start_with):
        if not point:
            yield Problem(("start_with", index), "must hold at least one value")
        for name, value in point.items():
            place = ("start_with", index, name)
            if name in view.unsettled:
                continue
            if name in study.grid or name in study.fixed:
                section = "grid" if name in study.grid else "fixed"
                yield Problem(place, f"is set by {section}; a start point holds searched parameters only")
            elif name not in view.space.names:
                yield Problem(place, "is not a searched parameter", name, view.space.names)
            elif view.cells:
                yield from _check_value(view, place, point, value)


def _check_value(
    view: StudyView, place: tuple[str | int, ...], point: Mapping[str, Any], value: object
) -> Iterator[Problem]:
    reachable = [branches for cell in view.cells if (branches := branches_of(cell.space, str(place[-1]), point))]
    if not reachable:
        yield Problem(place, "is active in no cell of the grid")
        return
    rules = [[rule for branch in branches if (rule := branch.domain.check(value))] for branches in reachable]
    if all(len(broken) == len(branches) for broken, branches in zip(rules, reachable, strict=True)):
        yield Problem(place, rules[0][0], value)
        return
    for branches in reachable:
        searched = [branch for branch in branches if not isinstance(branch.domain, Constant)]
        refused = [rule for branch in searched if (rule := branch.domain.check(value))]
        if 0 < len(refused) < len(searched):
            keys = sorted({key for branch in searched for key in branch.keys if key not in point})
            rule = f"{refused[0]} in one of its branches: give the point a value of {', '.join(keys)} as well"
            yield Problem(place, rule, value)
            return


def branches_of(space: Space, name: str, point: Mapping[str, Any]) -> list[Branch]:
    """The branches of a parameter that a configuration with the point's values may lie in."""
    spend()
    parameter = next((p for p in space.parameters if p.name == name), None)
    return [
        branch
        for branch in (parameter.branches if parameter else ())
        if all(c.key not in point or c.accepts(point[c.key]) for c in (branch.when.clauses if branch.when else ()))
    ]
