"""Opening a store whose maker was killed; the oracle is MLflow itself, which must open what is there."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from results.store.connection import connect

CREATE = "import sys; from results.store.connection import connect; connect(sys.argv[1])"


def test_a_store_whose_maker_was_killed_amid_its_migrations_is_made_anew(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    maker = subprocess.Popen([sys.executable, "-c", CREATE, uri])
    while maker.poll() is None and "step" not in _columns(tmp_path, "metrics"):  # the first migration adds it
        time.sleep(0.005)
    maker.kill()
    assert maker.wait() != 0, "it was done before it could be killed"
    assert not _columns(tmp_path, "registered_models"), "killed too late: a later migration is done"
    assert [experiment.name for experiment in connect(uri).search_experiments()] == ["Default"]
    assert {path.name for path in tmp_path.iterdir()} <= {f"mlflow.db{end}" for end in ("", "-shm", "-wal", ".lock")}


def _columns(folder: Path, table: str) -> set[str]:
    """Names of a table's columns in any database of a folder."""
    found: set[str] = set()
    for path in folder.glob("*mlflow.db*"):
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                found |= {row[1] for row in connection.execute("SELECT * FROM pragma_table_info(?)", (table,))}
            connection.close()
        except sqlite3.Error:
            pass  # a lock or a journal, or it is being written
    return found
