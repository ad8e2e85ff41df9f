"""A tracking server as a process of its own, a SQLite file that another process has locked, what MLflow then has."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for story.py and tracker.py

_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A server that is not started yet."""
    from tracker import Server

    made = Server(tmp_path)
    yield made
    made.kill()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another process hold an exclusive lock of a SQLite file."""
    command = [sys.executable, "-c", _LOCK, str(path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        yield
    finally:
        holder.communicate("")


@pytest.fixture(name="locked")
def locked_fixture() -> Callable[[Path], Any]:
    """`with locked(path):` another process holds BEGIN EXCLUSIVE."""
    return locked


@pytest.fixture
def told() -> Callable[[str], list[tuple[str, str, list[int]]]]:
    """What MLflow's database has of the trials: (id, state, steps of the metric), in the order of their creation."""

    def ask(database: str) -> list[tuple[str, str, list[int]]]:
        from mlflow import MlflowClient

        client = MlflowClient(database)
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(experiments, "tags.`tuner.kind` = 'trial'")
        with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
            rows = connection.execute("SELECT run_uuid, key, step FROM metrics").fetchall()
            created = [uuid for (uuid,) in connection.execute("SELECT run_uuid FROM runs ORDER BY rowid")]
        connection.close()
        counts = Counter(rows)
        assert set(counts.values()) <= {1}
        return [
            (
                run.data.tags["tuner.trial_id"],
                run.data.tags["tuner.state"],
                sorted(step for uuid, key, step in counts if uuid == run.info.run_id and key == "val/accuracy"),
            )
            for run in sorted(runs, key=lambda run: created.index(run.info.run_id))
        ]

    return ask
