"""A tracking server as a process of its own, a SQLite file that another process has locked, what MLflow then has."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for story.py

_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class Server:
    """An MLflow server on loopback, with a port of its own that it keeps over restarts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.database = f"sqlite:///{folder / 'server.db'}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
            "--backend-store-uri", self.database, "--artifacts-destination", str(self._folder / "served"),
        ]  # fmt: skip
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        log = (self._folder / "server.log").open("ab")
        self._process = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, env=environment, cwd=self._folder
        )
        log.close()
        deadline = time.monotonic() + 100
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                pytest.fail((self._folder / "server.log").read_text())
            time.sleep(0.2)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and its workers."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as answer:  # noqa: S310  (an address of our own)
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that is not started yet."""
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
