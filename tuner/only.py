"""`--only factor=v1,v2`: which cells of the grid are picked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search_spaces.values import same
from tuner.errors import InputError, Problem
from tuner.study import Study
from tuner.yaml_lines import parse_scalar


def parse_only(study: Study, texts: Sequence[str]) -> dict[str, list[Any]]:
    """The values to keep of each factor that `texts` name; several texts on one factor add up.

    Values are compared with the grid's own as YAML reads them, or as they are written. Raises InputError with every
    problem.
    """
    picked: dict[str, list[Any]] = {}
    problems: list[Problem] = []
    for text in texts:
        factor, separator, values = text.partition("=")
        factor = factor.strip()
        if not separator or not factor or not values.strip():
            rule = "must be written factor=value or factor=value,value"
            problems.append(Problem((), rule, text, option="--only"))
            continue
        option = f"--only {factor}"
        if factor not in study.grid:
            rule = "is not a factor of the grid" if study.grid else "picks from a grid, and this study has none"
            problems.append(Problem((), rule, factor, tuple(study.grid), option=option))
            continue
        kept = picked.setdefault(factor, [])
        for value in (part.strip() for part in values.split(",")):
            found = [choice for choice in study.grid[factor] if str(choice) == value or _reads_as(value, choice)]
            kept += [choice for choice in found if not any(same(choice, other) for other in kept)]
            if not found:
                choices = tuple(map(str, study.grid[factor]))
                problems.append(Problem((), f"is not a value of {factor} in the grid", value, choices, option=option))
    if problems:
        raise InputError(problems)
    return picked


def _reads_as(text: str, choice: object) -> bool:
    try:
        return same(parse_scalar(text), choice)
    except ValueError:
        return False
