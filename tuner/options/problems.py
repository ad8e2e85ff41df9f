"""pydantic's errors in the house's words: the rule, what was given, the choices; paths as the study has them."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from tuner.errors import MISSING, Problem

_RULES = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "extra_forbidden": "is not a key here",
    "float_type": "must be a number",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "int_from_float": "must be an integer",
    "int_type": "must be an integer",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "list_type": "must be a list",
    "missing": "is required",
    "model_type": "must be a mapping",
    "string_type": "must be text",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
}


class Problems(ValueError):  # noqa: N818  (what it carries)
    """Several problems below one value; raised by a validator, unpacked by `problems_of`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.format() for problem in self.problems))


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Every error of `error`, raised while validating `model`, as a Problem with a path from the model's top."""
    problems: list[Problem] = []
    for entry in error.errors(include_url=False):
        path = tuple(part for part in entry["loc"] if part != "[key]")
        kind, context = entry["type"], entry.get("ctx", {})
        cause = context.get("error")
        if isinstance(cause, Problems):
            problems += [problem.at(*path) for problem in cause.problems]
            continue
        given: Any = MISSING if kind == "missing" else entry["input"]
        choices: tuple[str, ...] = ()
        if kind == "extra_forbidden":
            given, choices = str(path[-1]), keys_at(model, path[:-1])
        elif kind == "literal_error":
            problems.append(Problem(path, "must be one of the choices", given, _literals(model, path)))
            continue
        rule = _RULES[kind].format(**context) if kind in _RULES else entry["msg"]
        problems.append(Problem(path, rule if cause is None else str(cause), given, choices))
    return problems


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> tuple[str, ...]:
    """The keys that may stand below `path`; empty where any may."""
    found = _model_at(model, path)
    fields = found.model_fields.items() if found is not None else ()
    return tuple(info.alias or name for name, info in fields)


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model that stands at `path`; an index goes into a list of models."""
    found: Any = model
    for part in path:
        if isinstance(part, int):
            found = next(iter(typing.get_args(found)), None)
        else:
            fields = found.model_fields if _is_model(found) else {}
            found = fields[part].annotation if part in fields else None
    return found if _is_model(found) else None


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _literals(model: type[BaseModel], path: Sequence[str | int]) -> tuple[str, ...]:
    holder = _model_at(model, path[:-1])
    if holder is None:
        return ()
    annotation = holder.model_fields[str(path[-1])].annotation
    choices = [annotation, *typing.get_args(annotation)]
    literal = next((choice for choice in choices if typing.get_origin(choice) is typing.Literal), None)
    return tuple(map(str, typing.get_args(literal)))
