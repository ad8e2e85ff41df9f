"""A parameter stands in one of grid, space and fixed."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.checks.view import StudyView
from tuner.errors import Problem


def check_overlap(view: StudyView) -> Iterator[Problem]:
    """A name that is given twice: compared and fixed, searched and compared ..."""
    study = view.study
    for name in study.fixed:
        if name in study.grid:
            yield Problem(("fixed", name), "stands in grid as well: a parameter is compared or fixed, not both")
    searched = [*view.space.names, *(name for name in view.broken if name in study.space)]
    for name in dict.fromkeys(searched):
        for section in ("grid", "fixed"):
            if name not in getattr(study, section):
                continue
            if name in study.space:
                rule = f"stands in {section} as well: a parameter is compared, searched or fixed"
                yield Problem(("space", name), rule)
            else:
                preset = study.space["extends"]
                rule = f"is searched by the preset {preset}: write `{name}: null` under space to remove it there"
                yield Problem((section, name), rule)
