"""One real study, its report and the MLflow UI over it, for all tests that look at pages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ports import lasting_port

ROOT = Path(__file__).parents[2]


def tuner(*arguments: str) -> str:
    command = [sys.executable, "-m", "tuner", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=500).stdout


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two losses of the quickstart, two trials each, three final runs."""
    home = tmp_path_factory.mktemp("r")
    small = ["--only", "loss=cosine,cross_entropy", "--set", "search.trials=3", "--set", "search.budget.max=3"]
    tuner("run", "studies/quickstart.yaml", *small, "--set", "final.seeds=3", "--home", str(home))
    return home


@pytest.fixture(scope="session")
def ui(home: Path) -> Iterator[str]:
    """The MLflow UI over the same store."""
    port = str(lasting_port())
    command = [sys.executable, "-m", "tuner", "ui", "--home", str(home), "--port", port]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)


@pytest.fixture(scope="session")
def index(home: Path, ui: str) -> Path:
    return Path(tuner("report", "studies/quickstart.yaml", "--home", str(home), "--ui", ui).strip())
