"""What tests of studies share: `judge`, which runs `tuner validate` on a text and watches what else happens."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import typer

from tuner.cli import validate
from tuner.cli.common import guarded

MAX_SECONDS = 2.0


class Watch:
    """Python's audit events while `on`: what is written, started or connected, whoever does it."""

    EVENTS = ("os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink", "os.fork", "os.exec", "os.posix_spawn")
    EVENTS += ("os.system", "subprocess.Popen", "socket.connect", "socket.bind", "shutil.rmtree", "pickle.find_class")

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in self.EVENTS) and "__pycache__" not in str(arguments):
            self.seen.append(f"{event} {arguments}")


@pytest.fixture(scope="session")
def watch() -> Watch:
    """One for all: an audit hook stays until the process ends."""
    return Watch()


@pytest.fixture
def judge(tmp_path: Path, watch: Watch) -> Callable[[bytes], str]:
    """Run the verb on a file with this content, check all that is promised of it, return what it said on stderr."""

    def run(content: bytes, *, again: bool = False) -> str:
        path = tmp_path / "study.yaml"
        path.write_bytes(content)
        said, code = io.StringIO(), 0
        started_s = time.process_time()
        watch.on = True
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(said):
                guarded(validate.command)([path])
        except typer.Exit as ended:
            code = ended.exit_code
        finally:
            watch.on = False
        took_s = time.process_time() - started_s
        assert code in (0, 2), said.getvalue()
        assert (code == 2) == bool(said.getvalue())
        assert "Traceback" not in said.getvalue()
        if took_s >= MAX_SECONDS and not again:  # what a busy machine makes slow once is not slow twice
            return run(content, again=True)
        assert took_s < MAX_SECONDS
        assert watch.seen == []
        assert list(tmp_path.iterdir()) == [path]
        return said.getvalue()

    return run
