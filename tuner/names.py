"""What a parameter of a study may be called."""

from __future__ import annotations

import re
from typing import Any

from tuner.errors import Problem
from tuner.options.problems import Problems

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_/-]*")


def named_mapping(value: Any) -> dict[str, Any]:
    """A mapping whose keys are legal names of parameters, as it is. Raises Problems."""
    if not isinstance(value, dict):
        raise Problems([Problem((), "must be a mapping of names", value)])
    rule = 'is not a legal name: letters, digits, "_", "-" and "/", a letter or "_" first'
    illegal = [name for name in value if not (isinstance(name, str) and _PARAMETER.fullmatch(name))]
    if illegal:
        raise Problems([Problem((name,), rule, name) for name in illegal])
    return value
