"""`tuner ui`: the MLflow UI over a home's store, on this machine only."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, TYPE_CHECKING, Annotated

import typer

from results.report.links import UI_HOST, UI_PORT
from tuner.cli.common import DEFAULT_HOME, HomeOption, note
from tuner.cli.stored import open_store, stored_home
from tuner.errors import InputError, Problem, RunError
from tuner.home import Home

if TYPE_CHECKING:
    from results.store import Store

_START_S = 180.0  # a server is up after some 14 s on two cores
_STOP_S = 5.0


def command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to serve on.")] = UI_PORT,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Serve the MLflow UI of a home on 127.0.0.1 until Ctrl-C, and print the link of each study's table.

    Example: tuner ui --port 5001
    """
    if not _free(port):
        raise InputError([Problem((), "must be a free port: something else serves there", port, option="--port")])
    place = stored_home(home)
    address = f"http://{UI_HOST}:{port}"
    with tempfile.TemporaryFile("w+") as log, _interruptible():
        note(f"starting the MLflow UI over {place.tracking_uri} ...")
        server = _start(place, port, log)
        try:
            store = open_store(home)  # meanwhile
            _wait(server, port, log)
            for line in _links(store, address):
                typer.echo(line)
            note("Ctrl-C ends it")
            server.wait()
            raise RunError(f"the server ended by itself:\n{_tail(log)}")
        except KeyboardInterrupt:
            note("ended")
        finally:
            _stop(server)


def _links(store: Store, address: str) -> Iterator[str]:
    studies = store.studies()
    if not studies:
        yield f"no study yet: {address}"
    width = max((len(study.study_id) for study in studies), default=0)
    for study in studies:
        yield f"{study.study_id:<{width}}  {store.study_link(address, study.study_id)}"


def _start(home: Home, port: int, log: IO[str]) -> subprocess.Popen[str]:
    """The server in a process group of its own, so that nothing of it is left behind.

    Without job execution it is 2 processes instead of 10. Requests with another Host header get 403: a page in
    the browser cannot reach it by rebinding a name.
    """
    command = [sys.executable, "-m", "mlflow", "server", "--host", UI_HOST, "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", home.tracking_uri, "--default-artifact-root", home.artifacts.as_uri()]
    command += ["--allowed-hosts", f"localhost:{port},{UI_HOST}:{port}"]
    environment = {
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": os.environ.get("MLFLOW_DISABLE_TELEMETRY", "true"),
    }
    return subprocess.Popen(  # noqa: S603  (our own interpreter; no part comes from a study)
        command,
        cwd=home.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )


def _wait(server: subprocess.Popen[str], port: int, log: IO[str]) -> None:
    """Return when the server answers. Raises RunError with the end of its log if it does not."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RunError(f"the MLflow server did not start:\n{_tail(log)}")
        connection = http.client.HTTPConnection(UI_HOST, port, timeout=2)  # urllib would go through a proxy
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        finally:
            connection.close()
    raise RunError(f"the MLflow server did not answer within {_START_S:.0f} s:\n{_tail(log)}")


def _stop(server: subprocess.Popen[str]) -> None:
    """End the server's whole process group, by force if it does not go."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(_STOP_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
    server.wait(_STOP_S)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends this verb as Ctrl-C does, and Ctrl-C does so even where a shell's `&` had it ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((UI_HOST, port))
        except OSError:
            return False
    return True


def _tail(log: IO[str]) -> str:
    log.seek(0)
    return log.read()[-2000:]
