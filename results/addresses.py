"""Addresses of MLflow stores: which there are, and the file of one that is in SQLite. Pure."""

from __future__ import annotations

import re
from pathlib import Path

SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "databricks")  # MLflow gave up its file store
_SQLITE = re.compile(r"(?P<scheme>sqlite(?:\+\w+)?:///)(?P<path>[^?]+)(?P<query>\?.*)?", re.DOTALL)
_IN_MEMORY = ":memory:"


def sqlite_address(file: Path) -> str:
    """The address of a store in a SQLite file."""
    return f"sqlite:///{file}"


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite address: relative after three slashes, absolute after four; None for any other address."""
    found = _SQLITE.fullmatch(uri)
    return None if found is None or found["path"] == _IN_MEMORY else Path(found["path"])


def absolute(uri: str) -> str:
    """The address with its SQLite file made absolute, from the current folder as MLflow reads it; others unchanged.

    For whatever may be asked from another folder later, as a trial in its own is.
    """
    file, found = sqlite_file(uri), _SQLITE.fullmatch(uri)
    if file is None or found is None:
        return uri
    return f"{found['scheme']}{file.absolute()}{found['query'] or ''}"


def broken_rule(uri: str) -> str:
    """The rule that the address of a store breaks; empty if it is one."""
    kind = uri.partition(":")[0].partition("+")[0]
    if kind not in SCHEMES:
        return f"must be an MLflow URI that begins with {', '.join(SCHEMES)}"
    if kind == "sqlite" and sqlite_file(uri) is None:
        return "must name a file: sqlite:///relative/to/here.db or sqlite:////absolute.db"
    return ""
