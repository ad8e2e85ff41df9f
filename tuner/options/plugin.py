"""A searcher, scheduler or stopper as a study writes it (`asha`, `{asha: {grace_period: 3}}`), read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator, ValidationError, WithJsonSchema

from tuner.errors import MISSING, Problem
from tuner.options.base import Options
from tuner.options.problems import Problems, problems_of
from tuner.options.schedulers import SCHEDULERS
from tuner.options.searchers import SEARCHERS
from tuner.options.stoppers import STOPPERS

Kind = Literal["searcher", "scheduler", "stopper"]

PLUGINS: dict[Kind, Mapping[str, type[Options]]] = {
    "searcher": SEARCHERS,
    "scheduler": SCHEDULERS,
    "stopper": STOPPERS,
}


@dataclass(frozen=True)
class Plugin:
    """A searcher, scheduler or stopper by its catalogue name, with checked options (defaults filled in)."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


def parse_plugin(value: Any, kind: Kind) -> Plugin:
    """Read `name`, `{name: options}` or, where an option may stand alone, `{name: value}`.

    Raises Problems (a ValueError) that lists every mistake, paths relative to `value`.
    """
    if isinstance(value, Plugin):
        value = {value.name: dict(value.options)}
    if isinstance(value, str):
        value = {value: None}
    names = tuple(PLUGINS[kind])
    if not isinstance(value, Mapping):
        raise Problems([Problem((), f"must be the name of a {kind}, or {{name: options}}", value, names)])
    if not value:
        raise Problems([Problem((), f"must name a {kind}", value, names)])
    name, *others = (str(key) for key in value)
    if others:
        rule = f"must be one {kind}, and {name!r} stands here already"
        raise Problems([Problem((other,), rule) for other in others])
    model = PLUGINS[kind].get(name)
    if model is None and kind == "searcher" and ":" in name:
        return _foreign(name, value[name])
    if model is None:
        raise Problems([Problem((), f"is not a {kind}", name, names)])
    given = value[name]
    alone = model.alone is not None and given is not None and not isinstance(given, Mapping)
    options = {model.alone: given} if alone else given
    if options is None:
        options = {}
    if not isinstance(options, Mapping):
        raise Problems([Problem((name,), "must be a mapping of options", given, tuple(model.model_fields))])
    try:
        return Plugin(name, model.model_validate(dict(options)).model_dump())
    except ValidationError as error:
        problems = problems_of(error, model)
        if alone:  # the person never wrote the option's name
            problems = [Problem((), problem.rule, problem.given, problem.choices) for problem in problems]
        raise Problems([_required(problem, given).at(name) for problem in problems]) from None


def _foreign(name: str, options: Any) -> Plugin:
    """A searcher of the user's own, `package.module:attr`; its options are its own affair."""
    if not isinstance(options, Mapping | None):
        raise Problems([Problem((name,), "must be a mapping of options", options)])
    return Plugin(name, dict(options or {}))


def _required(problem: Problem, given: Any) -> Problem:
    """A missing option's value was never given, and its name stands in no line of the file."""
    return Problem(problem.path, problem.rule, MISSING) if given is None else problem


def _schema(kind: Kind) -> dict[str, Any]:
    forms: list[dict[str, Any]] = [{"enum": list(PLUGINS[kind])}]
    if kind == "searcher":
        reference = r"^[^:]+:[A-Za-z_]\w*$"
        own = {"type": "object", "patternProperties": {reference: {"type": ["object", "null"]}}}
        forms += [
            {"type": "string", "pattern": reference},
            {**own, "additionalProperties": False, "minProperties": 1, "maxProperties": 1},
        ]
    for name, model in PLUGINS[kind].items():
        options = model.model_json_schema()
        shapes = [options, {"type": "null"}]
        if model.alone is not None:
            shapes.append(options["properties"][model.alone])
        entry = {name: {"anyOf": shapes}}
        forms.append({"type": "object", "properties": entry, "required": [name], "additionalProperties": False})
    return {"anyOf": forms}


def _reader(kind: Kind) -> Callable[[Any], Plugin]:
    def read(value: Any) -> Plugin:
        return parse_plugin(value, kind)

    return read


def _written(plugin: Plugin) -> dict[str, Any]:
    return {plugin.name: dict(plugin.options)}


Searcher = Annotated[
    Plugin,
    PlainValidator(_reader("searcher")),
    PlainSerializer(_written),
    WithJsonSchema(_schema("searcher")),
]
Scheduler = Annotated[
    Plugin,
    PlainValidator(_reader("scheduler")),
    PlainSerializer(_written),
    WithJsonSchema(_schema("scheduler")),
]
Stopper = Annotated[
    Plugin,
    PlainValidator(_reader("stopper")),
    PlainSerializer(_written),
    WithJsonSchema(_schema("stopper")),
]
