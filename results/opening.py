"""Opens a store to read from it: an address that is none, and a store that does not answer, in one line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from disk import means_full
from results.addresses import absolute, broken_rule, sqlite_file

if TYPE_CHECKING:
    from results.store import Store


class StoreError(ValueError):
    """What was given is no store, or none that answers. The message is the rule, with the reason."""


def open_to_read(uri: str) -> Store:
    """The store at any MLflow address, once it has answered. Imports MLflow.

    A SQLite file may be given relative to the current folder, and must be there with MLflow's tables in it: MLflow
    itself would make them, in whatever database it is. A server is asked once: a person waits.
    """
    if rule := broken_rule(uri):
        raise StoreError(rule)
    uri = absolute(uri)
    _check_file(sqlite_file(uri))
    from results.store import Store

    try:
        store = Store(uri, retries=False)
        store.ask()
    except Exception as error:
        if means_full(error):
            raise
        raise StoreError(f"must be a store that answers: {_line(error)}") from error
    return store


def _check_file(file: Path | None) -> None:
    if file is None:
        return
    if not file.is_file():
        raise StoreError(f"must be a store where something was run: {file} is not there")
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise StoreError(f"must be a store that can be read: {_line(error)}") from error
    if not {"experiments", "runs"} <= tables:
        raise StoreError(f"must be an MLflow store: {file} has none of its tables")


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]
