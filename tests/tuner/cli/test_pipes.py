"""A reader that goes away before the command does, as `tee` does at Ctrl-C, which both of them get."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import IO

import pytest

from tuner.cli.common import complain, note
from tuner.cli.live import RunConsole


@pytest.fixture
def unread() -> Iterator[IO[str]]:
    """A pipe to write to that nobody reads any more. Closing it must find nothing that waits to be written."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield stream


def test_a_console_falls_silent(unread: IO[str]) -> None:
    """Oracle: no exception, at once or later: rich by itself ends the thread that prints with exit code 1."""
    console = RunConsole(file=unread)
    console.print("a trial ended")
    console.print("another one")
    assert console.quiet
    unread.write("and what others write there goes nowhere\n")
    unread.flush()


def test_what_is_told_on_stderr_goes_nowhere(unread: IO[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: no exception, so that the exit code that follows is the command's own."""
    monkeypatch.setattr(sys, "stderr", unread)
    complain("interrupted")
    note("Go on with: tuner run")


def test_the_exit_code_is_the_command_s_own() -> None:
    """Oracle: 130, as with a reader; Python itself ends with 120 where its last words meet a broken pipe."""
    script = """
        import sys, threading
        from tuner.cli.common import complain, note
        from tuner.cli.live import RunConsole
        sys.stdin.read()
        thread = threading.Thread(target=lambda: RunConsole().print("a trial ended"))
        thread.start()
        thread.join()
        print("took 1 s")
        complain("interrupted")
        note("Go on with: tuner run")
        sys.exit(130)
        """
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", dedent(script)], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.close()
    assert process.wait(60) == 130
