"""Rules about single YAML values: what counts as a number, and when two values are the same."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping
from typing import Any

MAX_INT = 2**53  # beyond it floats, in which the searchers compute, skip integers

_EXPONENT_TEXT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def same(left: object, right: object) -> bool:
    """Equality of configuration values: 1 and 1.0 are the same, True and 1 are not, lists go by their elements."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


def identity(value: Any) -> Hashable:
    """A key that two values share exactly if they are the `same`: many are compared in one pass by it."""
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, list | tuple):
        return (list, tuple(map(identity, value)))
    if isinstance(value, Mapping):
        return (dict, frozenset((key, identity(below)) for key, below in value.items()))
    scalar: Hashable = value
    return scalar


def number_rule(value: object) -> str | None:
    """The rule that keeps `value` from being a finite number, None if it is one."""
    if isinstance(value, str) and is_numeric_text(value):
        return f"must be a number; this is text: write {_respelled(value)}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if isinstance(value, float) and not math.isfinite(value):
        return "must be finite"
    if isinstance(value, int) and abs(value) > MAX_INT:
        return "must lie within ±2**53, where floats are exact"
    return None


def integer_rule(value: object) -> str | None:
    """The rule that keeps `value` from being an integer, None if it is one. 3.0 and True are none."""
    if isinstance(value, float) and value.is_integer():
        return f"must be an integer: write {int(value)}"
    if isinstance(value, str) and is_numeric_text(value):
        return "must be an integer; this is text"
    if isinstance(value, bool) or not isinstance(value, int):
        return "must be an integer"
    return number_rule(value)


def plain_rule(value: object) -> str | None:
    """The rule that keeps `value` from standing in a `choice` or `constant`, None if it may.

    Refused are NaN, which equals nothing, and text such as 1e-4, which YAML 1.1 does not read as the number it
    was meant to be.
    """
    if isinstance(value, float) and math.isnan(value):
        return "must not be NaN"
    if isinstance(value, str) and _EXPONENT_TEXT.fullmatch(value):
        return f"must be a number; YAML reads this as text: write {_respelled(value)}"
    if isinstance(value, list | tuple):
        return next((rule for item in value if (rule := plain_rule(item))), None)
    if isinstance(value, Mapping):
        if any(not isinstance(key, str) for key in value):
            return "must have text as keys"
        return next((rule for item in value.values() if (rule := plain_rule(item))), None)
    if value is not None and not isinstance(value, bool | int | float | str):
        return "must be null, a boolean, a number, text, or a list or mapping of these"
    return None


def is_numeric_text(text: str) -> bool:
    """Whether the text would be a number if it were not text."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _respelled(text: str) -> str:
    """The YAML 1.1 spelling of a number: 1.0e-4 for 1e-4."""
    mantissa, exponent, power = text.lower().partition("e")
    if not exponent:
        return text
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}e{power if power[:1] in ('+', '-') else f'+{power}'}"
