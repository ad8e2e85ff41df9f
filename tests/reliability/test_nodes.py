"""A node of a running cluster is killed under its trials. Real nodes of `ray start`, on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for command.py
sys.path.insert(0, str(Path(__file__).parents[1] / "cluster"))  # for two_nodes.py

from command import Command, states
from two_nodes import Running

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
STUDY = """
    name: toy
    trainable: toys.py:Fated
    cluster: auto
    fixed: {x: 0.5, fate: waits_after_one}
    space: {twin: {choice: [a, b]}}
    search:
      {metric: val/accuracy, mode: max, trials: 2, budget: {max: 2}, searcher: grid, max_concurrent: 2}
    """


@pytest.fixture
def nodes() -> Iterator[Running]:
    """A head and another node, one CPU each: two trials at a time are one on each."""
    folder = Path("/tmp") / f"n{os.getpid()}"  # noqa: S108  (sockets' paths must be short)
    folder.mkdir(mode=0o700)
    running = None
    try:
        running = Running(folder, n_cpus=1)
        yield running
    finally:
        if running is not None:
            running.close()
        shutil.rmtree(folder, ignore_errors=True)


def _kill_with_all_below(pid: int) -> None:
    """Kill a process and all that it started, the first one first: it must not live to tell of the others."""
    above = psutil.Process(pid)
    for process in [above, *above.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_a_trial_of_a_lost_node_goes_on_from_its_checkpoint_on_another(tmp_path: Path, nodes: Running) -> None:
    """Oracle: each epoch of each trial is told once; the lost one's second comes from another process; none failed."""
    with Command(tmp_path, STUDY, {**nodes.environment, "RAY_ADDRESS": nodes.address}) as command:
        command.start("--json")
        command.wait_for(lambda: len(command.events("result")) == 2)
        _kill_with_all_below(nodes.nodes[1].pid)
        command.wait_for(lambda: command.events("lost"))
        (lost,) = [event["trial"] for event in command.events("lost")]
        (command.home / "data").mkdir(exist_ok=True)
        (command.home / "data" / "go").touch()
        code, _, err = command.finish()
        assert code == 0, err
        assert states(command) == {0: "complete", 1: "complete"}
        results = command.events("result")
        assert sorted((event["trial"], event["step"]) for event in results) == [(0, 1), (0, 2), (1, 1), (1, 2)]
        processes = [{event["metrics"]["process"] for event in results if event["trial"] == trial} for trial in (0, 1)]
        assert (len(processes[lost]), len(processes[1 - lost])) == (2, 1)
