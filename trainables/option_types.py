"""Values of options against their types and bounds, strictly, with the broken rule in words."""

from __future__ import annotations

import ast
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from trainables.signatures import MISSING

SIMPLE_TYPES = {"int": int, "float": float, "bool": bool, "str": str, "None": type(None)}
WORDS = {int: "an int", float: "a number", bool: "true or false", str: "a text", type(None): "null"}


@dataclass(frozen=True, kw_only=True)
class OptionInfo:
    """One key of a configuration. owners: the choices that it is a parameter of ("loss=push_pull"), () for options.

    default is MISSING where a value must be given, UNREADABLE where it is not a literal in the source.
    """

    name: str
    type: Any
    default: Any = MISSING
    help: str = ""
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    choices: tuple[Any, ...] | None = None
    kind: str | None = None
    owners: tuple[str, ...] = ()

    def merged(self, other: OptionInfo) -> OptionInfo:
        """Both as one entry: the parameter is required where either requires it, of any type where they differ."""
        return replace(
            self,
            type=self.type if self.type == other.type else Any,
            default=self.default if self.default == other.default else MISSING,
            help=f"{self.help}, {other.help}",
            owners=self.owners + other.owners,
        )


def check_type(expected: Any, value: object) -> str | None:
    """The broken rule in words ("must be an int"), None if the value is of the type.

    Known: int, float (ints too, finite only), bool, str, None, X | Y, Literal, tuple[X, ...] and Sequence[X] (lists
    too), Mapping[str, X], Any.
    """
    if _fits(expected, value):
        return None
    hint = ""
    if isinstance(value, str) and _allows(expected, float):
        hint = _hint_at_number(value)
    return f"must be {words(expected)}{hint}"


def check_bounds(info: OptionInfo, value: object) -> str | None:
    """The broken bound in words, None if there is none or the value is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    below = info.low is not None and (value <= info.low if info.low_open else value < info.low)
    above = info.high is not None and value > info.high
    if not below and not above:
        return None
    parts = [] if info.low is None else [f"{'above' if info.low_open else 'at least'} {info.low}"]
    parts += [] if info.high is None else [f"at most {info.high}"]
    return f"must be {' and '.join(parts)}"


def to_type(expected: Any, value: Any) -> Any:
    """A checked value as its type has it: ints become floats where only a float fits, lists become tuples."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and not _fits_exactly(expected, int) and _allows(expected, float):
        return float(value)
    return tuple(value) if isinstance(value, list) else value


def parse_annotation(text: str) -> Any:
    """The type that an annotation's source names, Any where it is not one of the simple ones or a union of them."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return Any
    return _from_node(node)


def words(expected: Any) -> str:
    """A type in words, for messages."""
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin in (types.UnionType, typing.Union):
        return " or ".join(words(argument) for argument in arguments)
    if origin is tuple or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return f"a list, each entry {words(arguments[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping"
    return WORDS.get(expected, str(expected))


def _fits(expected: Any, value: object) -> bool:
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if expected is Any:
        return True
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in arguments)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(argument, value) for argument in arguments)
    if origin is tuple or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return isinstance(value, list | tuple) and all(_fits(arguments[0], entry) for entry in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_fits(arguments[1], entry) for entry in value.values())
    if expected is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, expected)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond every float
        return False


def _members(expected: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(expected) in (types.UnionType, typing.Union)
    return typing.get_args(expected) if is_union else (expected,)


def _allows(expected: Any, wanted: type) -> bool:
    return wanted in _members(expected)


def _fits_exactly(expected: Any, wanted: type) -> bool:
    return expected is Any or wanted in _members(expected)


def _hint_at_number(text: str) -> str:
    """YAML 1.1 reads 1e-4 as text: a number in it needs a dot and a sign."""
    try:
        number = float(text)
    except ValueError:
        return ""
    written = repr(number) if "." in repr(number) else repr(number).replace("e", ".0e")
    return f" (write {written}: YAML reads {text} as text)" if math.isfinite(number) else ""


def _from_node(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name) if name in SIMPLE_TYPES:
            return SIMPLE_TYPES[name]
        case ast.Constant(value=None):
            return type(None)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            members = (_from_node(left), _from_node(right))
            return Any if Any in members else typing.Union[members]  # noqa: UP007  (members are values here)
        case _:
            return Any
