"""Names that MLflow accepts, made from any name, and the way back. Pure."""

from __future__ import annotations

import hashlib
import posixpath
import re

MAX_KEY = 240  # MLflow takes 250, and `best/` stands before some
MAX_MODEL_NAME = 250

_ESCAPE = re.compile(r"_0x([0-9a-f]*)_")
_ILLEGAL = re.compile(r"[^/\w.\- ]")
_PATHLIKE = re.compile(r"[/.]")


def legal_key(name: str) -> str:
    """`name` as a metric, parameter or tag key: letters, digits, `_`, `.`, `-`, space and inner `/`.

    Any other character becomes `_0x<hex>_`, so that `original_key` gets the name back. MLflow also refuses names
    that are not normal paths (`a//b`, `../a`): in those every slash and dot is written that way. A key over 240
    characters is cut and ends in a hash; only such a key has no way back.
    """
    key = _ILLEGAL.sub(_escaped, name.replace("_0x", "_0x5f_0x"))
    if not key:
        return "_0x_"
    normal = posixpath.normpath(key)
    if normal != key or normal == "." or normal.startswith(("..", "/")):
        key = _PATHLIKE.sub(_escaped, key)
    if len(key) > MAX_KEY:
        key = f"{key[: MAX_KEY - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return key


def original_key(key: str) -> str:
    """The name that `legal_key` made `key` from."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "", key)


def legal_model_name(name: str) -> str:
    """`name` for the model registry, where `/` and `:` are refused and `@`, `#`, `?` break a `models:/` address."""
    legal = re.sub(r"[^\w.\-]+", "-", name).strip("-.") or "model"
    if len(legal) > MAX_MODEL_NAME:
        legal = f"{legal[: MAX_MODEL_NAME - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return legal


def quoted(value: str) -> str:
    """`value` as a string of a search filter. Raises ValueError if it holds both kinds of quotes."""
    for quote in ("'", '"'):
        if quote not in value:
            return f"{quote}{value}{quote}"
    raise ValueError(f"a name that is looked up may hold ' or \" but not both, but got {value}")


def _escaped(match: re.Match[str]) -> str:
    return f"_0x{ord(match[0]):x}_"
