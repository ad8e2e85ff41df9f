"""JSON Schema of the free parts of a study (grid, space, fixed), for editors; `tuner.checks` judges them in full."""

from __future__ import annotations

from typing import Any

_NUMBER = {"type": "number"}
_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_SCALAR_OR_LIST = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}]}
_NOT = {"type": "object", "properties": {"not": _SCALAR_OR_LIST}, "required": ["not"], "additionalProperties": False}
_CONDITION = {
    "type": "object",
    "description": "Active only where these keys have these values: {loss: cosine}, {loss: [a, b]}, {loss: {not: x}}.",
    "additionalProperties": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}, _NOT]},
    "minProperties": 1,
}


def _bounds(kind: str, text: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": kind}, "minItems": 2, "maxItems": 2, "description": text}


_DOMAINS: dict[str, Any] = {
    "uniform": _bounds("number", "[low, high], both included"),
    "loguniform": _bounds("number", "[low, high], uniform in the logarithm; low > 0"),
    "int": _bounds("integer", "[low, high], both included"),
    "logint": _bounds("integer", "[low, high], uniform in the logarithm; low >= 1"),
    "normal": {
        "type": "object",
        "properties": {"mean": _NUMBER, "std": _NUMBER, "low": _NUMBER, "high": _NUMBER},
        "required": ["mean", "std", "low", "high"],
        "additionalProperties": False,
    },
    "choice": {"type": "array", "minItems": 1},
    "constant": {},
}
_BRANCH = {
    "oneOf": [
        {
            "type": "object",
            "properties": {name: domain, "when": _CONDITION},
            "required": [name],
            "additionalProperties": False,
        }
        for name, domain in _DOMAINS.items()
    ]
}

NAME: dict[str, Any] = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"}
GRID: dict[str, Any] = {
    "anyOf": [
        {
            "type": "object",
            "description": "Every combination: a list of values for each factor.",
            "additionalProperties": {"type": "array", "items": _SCALAR, "minItems": 1, "uniqueItems": True},
        },
        {
            "type": "array",
            "description": "These cells alone: each gives every factor its value.",
            "items": {"type": "object", "additionalProperties": _SCALAR, "minProperties": 1},
            "minItems": 1,
        },
    ]
}
SPACE: dict[str, Any] = {
    "type": "object",
    "properties": {"extends": {"type": "string", "description": "A preset; null under a name removes its entry."}},
    "additionalProperties": {"anyOf": [_BRANCH, {"type": "array", "items": _BRANCH, "minItems": 1}, {"type": "null"}]},
}
FREE_MAPPING: dict[str, Any] = {"type": "object"}
POINT: dict[str, Any] = {"type": "object", "description": "Parameter names and values, all or some of them."}


def study_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a study file: keys, types, descriptions, names and options of the plug-ins."""
    from tuner.study import Study

    schema = Study.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
