"""`tuner run` of a toy study as a person types it: a process of its own, its ledger, what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from cluster.environment import temporary_directory

TOYS = Path(__file__).parents[1] / "integration" / "toys.py"


class Command:
    """One study in one folder, run once or again and again. Ends what it started when its block is left."""

    def __init__(self, folder: Path, study: str, environment: Mapping[str, str] | None = None) -> None:
        self.folder, self.home = folder, folder / "h"
        # Ray starts its processes with niceness 15: beside other work a test would wait for minutes.
        self._environment = {**os.environ, "RAY_worker_niceness": "0", **(environment or {})}
        (folder / "toy.yaml").write_text(dedent(study), encoding="utf-8")
        (folder / "toys.py").write_text(TOYS.read_text(encoding="utf-8"), encoding="utf-8")
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *options: str) -> None:
        command = [sys.executable, "-m", "tuner", "run", "toy.yaml", "--home", "h", *options]
        self._process = subprocess.Popen(
            command, cwd=self.folder, env=self._environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop_reading(self) -> None:
        """Close the other end of its stdout, as a `tee` does that is gone."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()

    def finish(self, *, within_s: float = 300) -> tuple[int, str, str]:
        """Wait for the end: exit code, stdout, stderr."""
        assert self._process is not None
        out, err = self._process.communicate(timeout=within_s)
        return self._process.returncode, out, err

    def run(self, *options: str) -> dict[str, Any]:
        """Run to the end, which must be a good one: the facts of --json."""
        self.start("--json", *options)
        code, out, err = self.finish()
        assert code == 0, err
        facts: dict[str, Any] = json.loads(out)
        return facts

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def _search(self) -> Path:
        """The folder of its one search."""
        return self.home / "studies" / "toy" / "0001" / "searches" / "all"

    @property
    def delivered(self) -> bool:
        """Whether the store has an ended trial."""
        return (self._search / "delivered.json").exists()

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """What the ledger of its one search tells so far, or these kinds of events."""
        path = self._search / "ledger.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]  # the last one may be half written
        return [event for event in map(json.loads, lines) if not kinds or event["event"] in kinds]

    def wait_for(self, what: Callable[[], object]) -> None:
        """Wait until `what` is true, for at most five minutes."""
        assert self._process is not None
        deadline = time.monotonic() + 300
        while not what():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                pytest.fail(f"it did not come: {self._process.communicate()}, {self.events()}")
            time.sleep(0.1)


def states(command: Command) -> dict[int, str]:
    """How the trials ended, by their numbers."""
    return {event["trial"]: event["state"] for event in command.events("end")}


def gone(command: Command) -> bool:
    """Whether nothing of its run is left, or is within moments: Ray's servers end when they see their driver end."""
    deadline = time.monotonic() + 5
    while (left := using(command)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not left


def using(command: Command) -> list[int]:
    """Processes that belong to its run: the command line of each of Ray's servers names their session's folder."""
    folder = str(temporary_directory(command.home).parent)
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if folder in entry.read_bytes().decode(errors="replace"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found
