"""Opening a tracking store: telemetry off, SQLite in WAL mode, migrations by one process at a time."""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path
from typing import Any

from filelock import FileLock

# Must be set before mlflow is imported. DO_NOT_TRACK=1 is not understood by it.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # stdout is for JSON

import mlflow.db
import sqlalchemy
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from results.addresses import sqlite_address, sqlite_file

_TALKATIVE = ("mlflow.store.db.utils", "mlflow.store.model_registry.abstract_store", "alembic")
_PASSING = ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED")
_tuned: set[str] = set()  # SQLite files whose connections get synchronous=NORMAL


def connect(uri: str) -> MlflowClient:
    """A client of the tracking store at `uri`, created if it is a SQLite file that is not there yet.

    A new SQLite store takes 2 to 3 s (schema migrations). Raises ValueError for a SQLite address that is not an
    absolute path: MLflow would read it relative to the current directory, which trials change.
    """
    path = sqlite_path(uri)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    if path is None:
        return MlflowClient(tracking_uri=uri, registry_uri=uri)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not path.exists():
            _create(path)
        _write_ahead(path)
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.search_experiments(max_results=1)  # makes the default experiment under the lock
    return client


def ask_once() -> None:
    """Let a request to a server be made once and be given up after half a minute, for this process.

    For a caller that tries again by itself: MLflow's own seven retries take minutes, and a request that is repeated
    because its answer was late may create a run twice.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")


def may_pass(error: Exception) -> bool:
    """Whether it is the store that could not take a record now, and not the record that it will never take."""
    if isinstance(error, MlflowException):
        return error.error_code in _PASSING
    return isinstance(error, (OSError, sqlalchemy.exc.SQLAlchemyError))  # requests' errors are OSErrors


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite address; None for any other store. Raises ValueError if it is not absolute."""
    if not uri.startswith("sqlite"):
        return None
    path = sqlite_file(uri)
    if path is None or not path.is_absolute():
        raise ValueError(f"a SQLite store must be an absolute path (sqlite:////...), but got {uri}")
    return path


def _create(path: Path) -> None:
    """Make a store's tables in a file beside it, which is then put in place whole.

    MLflow's migrations are not one transaction: a process that is killed amid them leaves a file that no later one
    can open or mend ("duplicate column name").
    """
    growing = path.with_name(f".{path.name}.new")
    for left in path.parent.glob(f"{growing.name}*"):  # of one that was killed; its journal, too
        left.unlink()
    mlflow.db.upgrade.main([sqlite_address(growing)], standalone_mode=False)  # the command `mlflow db upgrade`
    growing.replace(path)


def _write_ahead(path: Path) -> None:
    """Set WAL, which the file remembers, and synchronous=NORMAL, which each connection must be told.

    Together they make a trial's writes two to five times faster. NORMAL may lose the last commits in a power
    failure, never consistency; what is lost is sent again from the journal.
    """
    with sqlite3.connect(path, timeout=20) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    if not _tuned:
        sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", _relax)
    _tuned.add(str(path.resolve()))


def _relax(connection: Any, _record: object) -> None:
    """On each new connection of any engine: relax only those to our own files."""
    if not isinstance(connection, sqlite3.Connection):
        return
    files = {row[2] for row in connection.execute("PRAGMA database_list")}
    if files & _tuned:
        connection.execute("PRAGMA synchronous=NORMAL")
