"""Conditions of the space refer to names that exist and to values that these names take."""

from __future__ import annotations

from collections.abc import Iterator

from search_spaces.effort import spend
from search_spaces.values import identity
from search_spaces.violations import SpaceError
from tuner.checks.view import StudyView
from tuner.errors import Problem


def check_conditions(view: StudyView) -> Iterator[Problem]:
    """Every `when` of the study's own entries. A preset's may speak of values that this study leaves out."""
    study = view.study
    known = (*study.grid, *study.fixed, *view.space.names, *view.broken)
    for path, clause in view.space.clauses():
        if clause.key not in known:
            rule = "must be a factor of the grid, a fixed value or a searched parameter"
            yield Problem(("space", *path), rule, clause.key, tuple(dict.fromkeys(known)))
            continue
        if path[0] not in study.space:
            continue
        if clause.key in study.grid:
            taken: tuple[object, ...] = study.grid[clause.key]
        elif clause.key in study.fixed:
            taken = (study.fixed[clause.key],)
        else:
            continue  # the space has checked its own
        spend(len(taken))
        identities = set(map(identity, taken))
        for value in clause.values:
            if identity(value) not in identities:
                rule = f"is a value that {clause.key} never takes in this study"
                yield Problem(("space", *path), rule, value, tuple(map(str, taken)))
    yield from _overlaps(view)


def _overlaps(view: StudyView) -> Iterator[Problem]:
    """Two branches of one parameter that hold at once in some cell."""
    study = view.study
    assigned_names = {*study.grid, *study.fixed}
    seen: set[Problem] = set()
    for values in study.cells():
        try:
            view.space.project({**study.fixed, **values})
        except SpaceError as error:
            for violation in error.violations:
                if violation.path and violation.path[0] in assigned_names:
                    continue  # `check_overlap` says so, once
                problem = Problem(("space", *violation.path), violation.rule, repr(violation.given))
                if problem not in seen:
                    seen.add(problem)
                    yield problem
