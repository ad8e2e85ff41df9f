"""`tuner ui`: a real server, asked as a browser would, and gone after Ctrl-C."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ports import lasting_port
from typer.testing import CliRunner

from results.records import StudyRecord
from tuner.cli.main import app
from tuner.home import Home


def status(port: int, host: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/api/2.0/mlflow/experiments/search?max_results=1", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def processes_of(port: int) -> list[str]:
    lines = subprocess.run(["ps", "-ewwo", "args"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if f"--port {port}" in line and "ps -e" not in line]


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_this_machine_alone_and_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, sockets: Any
) -> None:
    from results.store import Store

    study = StudyRecord(
        study_id="tiny", name="tiny", metric="m", mode="max", source="", fingerprint="f", started_at_ms=1
    )
    Store(Home(tmp_path).tracking_uri, artifact_root=Home(tmp_path).artifacts).begin_study(study)
    port = lasting_port()
    command = [sys.executable, "-m", "tuner", "ui", "--home", str(tmp_path), "--port", str(port)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            name, link = process.stdout.readline().split()
            assert name == "tiny"
            assert link.startswith(f"http://127.0.0.1:{port}/#/experiments/1/runs?workflowType=machine_learning")
            assert status(port, f"localhost:{port}") == 200
            assert status(port, "example.org") == 403
            assert len(processes_of(port)) == 3  # this verb, the server and its one worker
            assert {(open_.address, open_.port) for open_ in sockets.listening(process.pid)} == {("127.0.0.1", port)}
            assert not sockets.reachable(port)
            assert sockets.remote(process.pid) == set()
        finally:
            process.send_signal(number)
        assert process.wait(20) == 0
    deadline = time.monotonic() + 10
    while processes_of(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(port) == []


def test_a_taken_port_and_an_empty_home_are_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["ui", "--port", str(port), "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert f"must be a free port: something else serves there, but got {port}" in done.stderr
    done = CliRunner().invoke(app, ["ui", "--port", str(lasting_port()), "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "holds no mlflow.db" in done.stderr
