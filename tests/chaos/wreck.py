"""A real search (Ray, an MLflow server) whose driver, trials' process, node and tracker are killed as it goes."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil
from tracker import Server

_T = TypeVar("_T")
HERE = Path(__file__).parent
TRIALS = 32
STUDY = """\
name: NAME
trainable: toys.py:Walk
fixed: {epoch_s: 0.04, gate: GATE}
space: {x: {uniform: [0, 1]}, rate: {loguniform: [0.05, 0.5]}}
search:
  {metric: val/accuracy, mode: max, trials: 32, budget: {max: 9}, searcher: hyperopt,
   scheduler: {asha: {grace_period: 2, reduction_factor: 3}}}
"""
# Whom one run's kills hit; the order and the moments are drawn. A driver's costs a start of Ray, a tracker's a start of
# MLflow, a trial's the start of one process.
VICTIMS = ("trial",) * 6 + ("driver",) * 3 + ("tracker",) * 2 + ("node",)
_RAYLET = "raylet/raylet"
_PATIENCE_S = 240.0


class Wreck:
    """One home, one study in it, `name`, one tracker. ports: all that any process of the runs was seen to listen on."""

    def __init__(self, folder: Path, name: str, sockets: Any, *, server: Server | None = None) -> None:
        folder.mkdir()
        self.name = name
        self.home, self.ports = folder / "home", set[int]()
        self.kills: Counter[str] = Counter()
        self._folder, self._sockets, self._server = folder, sockets, server
        self.temporary = folder / "tmp"  # the system's temporary directory, as the runs see it
        self.temporary.mkdir()
        tracking = "" if server is None else f'tracking: {{uri: "{server.uri}"}}\n'
        self._gate = folder / "go"  # see toys.py
        text = STUDY.replace("NAME", name).replace("GATE", str(self._gate))
        (folder / "chaos.yaml").write_text(text + tracking, encoding="utf-8")
        (folder / "toys.py").write_text((HERE / "toys.py").read_text(encoding="utf-8"), encoding="utf-8")
        self._driver: subprocess.Popen[bytes] | None = None

    @property
    def ledger(self) -> Path:
        """The search's."""
        return self.home / "studies" / self.name / "0001" / "searches" / "all" / "ledger.jsonl"

    @property
    def left(self) -> list[Path]:
        """What the runs left in the system's temporary directory, but for what MLflow was uploading at a kill."""
        files = {path: {file.name for file in path.glob("*")} for path in self.temporary.iterdir()}
        return [path for path, names in files.items() if not (path.name.startswith("tmp") and names <= {"study.yaml"})]

    @property
    def output(self) -> str:
        """What a terminal would have shown, of all lives."""
        return (self._folder / "output").read_text(encoding="utf-8")

    def start(self) -> None:
        """Run the study, or go on with it."""
        environment = {**os.environ, "MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "TMPDIR": str(self.temporary)}
        command = [sys.executable, "-m", "tuner", "run", "chaos.yaml", "--home", str(self.home)]
        with (self._folder / "output").open("ab") as output:
            self._driver = subprocess.Popen(
                command, cwd=self._folder, stdout=output, stderr=output, env=environment, start_new_session=True
            )

    def finish(self) -> None:
        """Let the run end by itself; it must have done all that there was to do."""
        if self._driver is None:
            self.start()
        self._gate.touch()
        assert self._driver is not None
        code = self._driver.wait(_PATIENCE_S)
        assert code == 0, self.output

    def wreck(self, victims: Sequence[str], draw: random.Random) -> None:
        """Kill these, one after the other, each some results after the one before; the search goes on between."""
        for victim in victims:
            if self._driver is None:
                self.start()
            target = self._target(victim, draw)
            self._wait_for_results(draw.randrange(1, 4))
            time.sleep(draw.uniform(0.0, 0.15))
            if target is None:
                self._kill_tracker(draw)
            else:
                with contextlib.suppress(psutil.NoSuchProcess):
                    target.kill()
                self._gate.unlink()
                if victim != "trial":  # without its only node the driver cannot go on, and must not hang
                    self._wait_for_death()
            self.kills[victim] += 1

    def end(self) -> None:
        """Kill what still runs, whatever happened before."""
        if self._driver is not None and self._driver.poll() is None:
            tree = [psutil.Process(self._driver.pid), *psutil.Process(self._driver.pid).children(recursive=True)]
            for process in tree:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._driver.wait()

    def _target(self, victim: str, draw: random.Random) -> psutil.Process | None:
        """Whom to kill, found while the search waits at the gate; None is the tracker."""
        assert self._driver is not None
        driver = psutil.Process(self._driver.pid)
        trials = self._wait_for(self._trials, "no process of a trial")
        self.ports |= {listener.port for listener in self._sockets.listening(self._driver.pid)}
        match victim:
            case "trial":  # or a process that stands by for one
                return draw.choice(trials)
            case "node":
                return next(child for child in driver.children() if _name(child).partition(" ")[0].endswith(_RAYLET))
            case "driver":
                return driver
        return None

    def _kill_tracker(self, draw: random.Random) -> None:
        assert self._server is not None
        self._server.kill()
        self._gate.unlink()
        time.sleep(draw.uniform(0.0, 0.5))
        self._server.launch()

    def _wait_for_death(self) -> None:
        assert self._driver is not None
        code = self._driver.wait(_PATIENCE_S)
        assert code != 0, self.output
        self._driver = None

    def _wait_for_results(self, more: int) -> None:
        """Open the gate until there are so many more."""
        wanted = self._results() + more
        self._gate.touch()
        self._wait_for(lambda: self._results() >= wanted, f"no {wanted} results")

    def _wait_for(self, condition: Callable[[], _T], what: str) -> _T:
        """What the condition says once it holds."""
        deadline = time.monotonic() + _PATIENCE_S
        while not (said := condition()):
            assert self._driver is not None
            assert self._driver.poll() is None, f"the run ended by itself: {what}\n{self.output}"
            assert time.monotonic() < deadline, f"{what}\n{self.output}"
            time.sleep(0.02)
        return said

    def _results(self) -> int:
        return self.ledger.read_bytes().count(b'{"event":"result"') if self.ledger.exists() else 0

    def _trials(self) -> list[psutil.Process]:
        """Ray's workers: the process that trains and those that stand by. Ray's agents are the node's."""
        assert self._driver is not None
        tree = psutil.Process(self._driver.pid).children(recursive=True)
        return [child for child in tree if _name(child).startswith("ray::") and "Agent" not in _name(child)]


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
