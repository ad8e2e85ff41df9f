"""What a parameter of a study may be called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tuner.errors import Problem, RunError
from tuner.options.problems import Problems

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#-]{0,127}")
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


def folder_name(name: str) -> str:
    """A name read from a store, which another program may have written, as it is: folders are called by it.

    Raises RunError if it could lead anywhere else.
    """
    if not _FOLDER.fullmatch(name):
        raise RunError(f"the store has a study or a search called {name[:200]!r}, which is no name for a folder")
    return name


def is_file(name: str | Path) -> bool:
    """Whether a file is called so; False, too, for a name that no file can have, for which Path's own may raise."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False
