"""A real run seen from outside: which ports it opens, to whom, what they answer, whom it asks, where its secrets go.

One run serves all: its trial waits while its whole process tree is looked at, then a signal ends it. Oracles: the
kernel's list of sockets, connections from this machine's outside address, HTTP and gRPC answers, the bytes of every
file below the home. The store's address has a password and a token, and nobody answers there.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from story import Story

HERE = Path(__file__).parent
SECRETS = ("S3cr3t-pass", "T0ken-value")
STUDY = """\
name: closed
trainable: {here}/patient.py:patient
fixed: {{folder: {folder}}}
search: {{metric: score, mode: max, trials: 1, budget: {{key: training_iteration, max: 1}}}}
tracking: {{uri: "http://reader:{secrets[0]}@127.0.0.1:9/?access_token={secrets[1]}"}}
"""
SETTLED_S = 8
# Ports that Ray does not choose: where another Ray of this machine holds one, that part of ours goes without.
COUNTER_PORTS = {44217, 44227}  # the autoscaler's, the dashboard's
AGENT_PORT = 52365  # the agent's HTTP, for jobs
N_COUNTERS, N_GUARDED = 3, 3  # with those of the node; the dashboard, and the agent's and its runtime environments'
# What listens in a run: its driver, Ray's servers and their agents, and the process that trains.
PROCESSES = (
    *("-m tuner run", "gcs_server", "raylet/raylet", "dashboard.py"),
    *("ray::DashboardAgent", "ray::RuntimeEnvAgent", "ray::ImplicitFunc"),
)
# A method of each of Ray's services; the same service answers on some port of the tree.
METHODS = (
    *("NodeInfoGcsService/GetAllNodeInfo", "InternalKVGcsService/InternalKVKeys", "JobInfoGcsService/GetAllJobInfo"),
    *("NodeManagerService/RequestWorkerLease", "CoreWorkerService/PushTask", "ReporterService/GetTraceback"),
    "LogService/ListLogs",
)
PATHS = ("/api/jobs/", "/api/job_agent/jobs/", "/api/v0/actors", "/nodes?view=summary", "/api/v0/logs", "/metrics")
pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads other processes' sockets from Linux's /proc"),
]


@dataclass
class Run:
    """A run that is under way. remote: addresses of other machines that any of its processes talked to.

    held: fixed ports that somebody else listened on, before it began or while it ran.
    """

    folder: Path
    process: subprocess.Popen[bytes]
    listening: list[Any]
    held: set[int]
    remote: set[str] = field(default_factory=set)
    looks: int = 0

    @property
    def output(self) -> str:
        """What a terminal would have shown."""
        return (self.folder / "output").read_text()

    def wait(self, name: str) -> None:
        """Return once the trial has left the file `name`."""
        deadline = time.monotonic() + 300
        while not (self.folder / name).exists():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def look(self, sockets: Any) -> None:
        """List the open ports, once no new one has come for a while: some of Ray's processes are late."""
        deadline = time.monotonic() + 100
        changed = time.monotonic()
        while time.monotonic() < changed + SETTLED_S or [part for part in PROCESSES if part not in self.names]:
            assert time.monotonic() < deadline, self.names
            found = sockets.listening(self.process.pid)
            if {listener.port for listener in found} != {listener.port for listener in self.listening}:
                changed = time.monotonic()
            self.listening = found
            time.sleep(0.2)

    @property
    def missing(self) -> set[int]:
        """Fixed ports that it went without."""
        return (COUNTER_PORTS | {AGENT_PORT}) - {listener.port for listener in self.listening}

    @property
    def names(self) -> str:
        """The command lines of those that listen."""
        return "\n".join(listener.process for listener in self.listening)

    def watch(self, sockets: Any) -> None:
        """Look at all connections until the process has ended."""
        while self.process.poll() is None:
            try:
                self.remote |= sockets.remote(self.process.pid)
                held = held_ports()
                self.held |= held - {listener.port for listener in sockets.listening(self.process.pid)}
            except psutil.NoSuchProcess:
                return
            self.looks += 1
            time.sleep(0.3)


def held_ports() -> set[int]:
    """The fixed ports that are listened on."""
    held = set()
    for port in COUNTER_PORTS | {AGENT_PORT}:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was closed just now is free
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                held.add(port)
    return held


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, sockets: Any) -> Iterator[Run]:
    """The run, as its trial has begun."""
    folder = tmp_path_factory.mktemp("closed")
    (folder / "study.yaml").write_text(STUDY.format(here=HERE, folder=folder, secrets=SECRETS))
    command = [sys.executable, "-m", "tuner", "run", "study.yaml", "--home", "h"]
    # MLflow keeps quiet by itself in CI and under pytest: what it does for a person is what counts.
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_CURRENT_TEST")}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    held = held_ports()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment)
    started = Run(folder, process, [], held)
    watcher = threading.Thread(target=started.watch, args=(sockets,))
    watcher.start()
    try:
        started.wait("began")
        started.look(sockets)
        yield started
    finally:
        process.terminate()
        process.wait(60)
        watcher.join()


def test_every_port_is_on_loopback(run: Run) -> None:
    assert len(run.listening) > len(PROCESSES)  # some have several
    assert {listener.address for listener in run.listening} == {"127.0.0.1"}


def test_from_outside_every_port_is_refused(run: Run, sockets: Any) -> None:
    """The control: the same probe reaches a server that listens on all addresses."""
    with socket.create_server(("0.0.0.0", 0)) as control:  # noqa: S104  (open on purpose)
        assert sockets.reachable(control.getsockname()[1])
    assert [listener for listener in run.listening if sockets.reachable(listener.port)] == []


def http_status(port: int, path: str, *, method: str = "GET", token: str | None = None) -> int | None:
    """What a port answers over HTTP; None where it does not speak that."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Content-Type": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    try:
        connection.request(method, path, body=b'{"entrypoint": "true"}' if method == "POST" else None, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def test_without_the_token_http_answers_nothing_but_counters(run: Run) -> None:
    """The dashboard, its agents and jobs. Prometheus' counters are open to this machine: docs/reliability.md.

    Oracle: as many of each as there are, less those whose fixed port was somebody else's.
    """
    token = (run.folder / "h" / "ray" / "token").read_text()
    counters, guarded = 0, 0
    for port in {listener.port for listener in run.listening}:
        answers = {path: http_status(port, path) for path in PATHS}
        if set(answers.values()) == {None}:
            continue  # gRPC: the next test
        if set(answers.values()) == {200}:  # the same text whatever is asked
            counters += 1
            assert http_status(port, "/api/jobs/", method="POST") == 405
            continue
        guarded += 1
        assert set(answers.values()) == {401}
        assert http_status(port, "/api/jobs/", method="POST") == 401
        assert http_status(port, "/api/jobs/", token="0" * 64) == 403
        assert http_status(port, "/api/v0/actors", token=token) in (200, 404)
    assert run.missing <= run.held
    assert counters == N_COUNTERS - len(run.missing & COUNTER_PORTS)
    assert guarded == N_GUARDED - len(run.missing - COUNTER_PORTS)


def grpc_answer(port: int, method: str) -> str:
    """The status that a call without a token and without content is answered with."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            channel.unary_unary(f"/ray.rpc.{method}")(b"", timeout=20)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def test_without_the_token_grpc_answers_nothing(run: Run) -> None:
    """Each service is on some port of the tree, and there it refuses; elsewhere nobody knows the method."""
    ports = {listener.port for listener in run.listening if http_status(listener.port, "/") is None}
    answers = {method: {grpc_answer(port, method) for port in ports} for method in METHODS}
    assert set().union(*answers.values()) <= {"UNAUTHENTICATED", "UNIMPLEMENTED"}
    assert all("UNAUTHENTICATED" in found for found in answers.values()), answers


def files_with(secret: str, folder: Path) -> list[Path]:
    """The files below a folder that hold a text."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if secret.encode() in path.read_bytes()]


def test_the_stores_secrets_are_neither_shown_nor_kept_in_the_open(run: Run) -> None:
    """Ended by a signal with every record undelivered: the address was needed, told, and failed at, with its error."""
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 130
    assert "http://***@127.0.0.1:9/?access_token=***" in run.output
    assert "the store does not take records" in run.output
    home = run.folder / "h"
    kept = home / "studies" / "closed" / "0001" / "run.json"  # for `tuner sync`
    for secret in SECRETS:
        assert secret not in run.output
        assert files_with(secret, home) == [kept]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert files_with("access_token=***", home)  # the control: the study's text is kept, without them


def test_nobody_outside_was_asked(run: Run, sockets: Any) -> None:
    """All connections of all processes, again and again from start to end. The control is one that is seen."""
    assert run.looks > 10
    assert run.remote == set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        control.connect(("192.0.2.1", 9))  # reserved for documentation; nothing is sent
        assert sockets.remote(os.getpid()) == {"192.0.2.1"}


@pytest.mark.long
def test_a_server_that_takes_everything_is_told_no_password(tmp_path: Path, server: Any) -> None:
    """Oracle: every byte of the server's database, artifacts and log, and of the home, after a whole delivery."""
    server.start()
    password = SECRETS[0]
    story = Story(tmp_path / "h", f"http://reader:{password}@127.0.0.1:{server.port}", 3)
    story.train(3)
    assert story.recorder is not None
    story.recorder.close()
    assert story.recorder.refusal is None
    server.kill()
    assert files_with("story/all/0002", tmp_path)  # the control: it was delivered
    assert {path.name for path in files_with(password, tmp_path)} == {"run.json"}
