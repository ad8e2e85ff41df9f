"""An MLflow server as a process of its own, to be stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from ports import lasting_port


class Server:
    """An MLflow server on loopback, with a port of its own that it keeps over restarts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = lasting_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.database = f"sqlite:///{folder / 'server.db'}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it; it answers some seconds later."""
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

    def wait(self) -> None:
        """Return once it answers."""
        assert self._process is not None
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
