"""Where a home keeps its MLflow store. Pure."""

from __future__ import annotations

from pathlib import Path

from results.addresses import sqlite_address

DEFAULT_HOME = "runs"
HOME_VARIABLE = "TUNER_HOME"
STORE_FILE = "mlflow.db"


def store_uri(home: Path) -> str:
    """The address of a home's store. home: absolute, for MLflow would read another one relative to a trial's folder."""
    return sqlite_address(home / STORE_FILE)
