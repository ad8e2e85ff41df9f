"""Processes of a run that are killed: a trial's, by somebody or by Ray for its memory; a node's; the head's."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for command.py

from command import Command, states

from results.store import Store
from tuner.keys import final_seed

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
STUDY = """
    name: toy
    trainable: toys.py:Fated
    fixed: {x: 0.5}
    space: {fate: {choice: [waits, slow, leaks, fine]}}
    resources: {cpu: 0.5}
    search:
      {metric: val/accuracy, mode: max, trials: 4, budget: {max: 80}, searcher: grid, max_concurrent: 2}
    """
_LEAKED_BYTES = 8e9  # other processes of the machine come and go: less might be theirs
_SILENT = "no result within 10 s (search.epoch_timeout)"
_MOST = 0.6  # of the machine's memory in use


def _lowered_threshold() -> dict[str, str]:
    """Ray's setting that makes it act where 8 GB more are used than now, or 60% of the memory. See `toys.Fated`."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    sizes = {key: 1024 * int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)}
    total, available = sizes["MemTotal"], sizes["MemAvailable"]
    return {"RAY_memory_usage_threshold": f"{min(_MOST, (total - available + _LEAKED_BYTES) / total):.3f}"}


def test_a_killed_and_a_leaking_trial_end_alone(tmp_path: Path) -> None:
    """Oracle: the states by fate; the one that waits trains, in one process, from before the first death to the end."""
    with Command(tmp_path, STUDY, _lowered_threshold()) as command:
        command.start("--json")
        command.wait_for(lambda: [event for event in command.events("result") if event["trial"] == 1])
        victim = next(event for event in command.events("result") if event["trial"] == 1)["metrics"]["process"]
        os.kill(int(victim), signal.SIGKILL)
        command.wait_for(lambda: len(states(command)) >= 2 and 3 in states(command))
        (command.home / "data").mkdir(exist_ok=True)
        (command.home / "data" / "go").touch()
        code, _, err = command.finish()
        assert code == 0, err
        assert states(command) == {0: "complete", 1: "crashed", 2: "out_of_memory", 3: "complete"}
        ends = {event["trial"]: event["error"] for event in command.events("end")}
        assert "died" in ends[1]
        assert "memory" in ends[2]
        results = [event for event in command.events("result") if event["trial"] == 0]
        assert [event["step"] for event in results] == list(range(1, 81))
        assert len({event["metrics"]["process"] for event in results}) == 1


def test_a_trial_that_hangs_is_ended_and_the_others_go_on(tmp_path: Path) -> None:
    """Oracle: one reports an epoch, then sleeps for an hour; one is never built; the next has another process."""
    study = """
        name: toy
        trainable: toys.py:Fated
        fixed: {x: 0.5}
        space: {fate: {choice: [hangs, is_never_built, fine]}}
        search:
          {metric: val/accuracy, mode: max, trials: 3, budget: {max: 3}, searcher: grid, epoch_timeout: 10s}
        """
    with Command(tmp_path, study) as command:
        facts = command.run()
        assert facts["searches"][0]["states"] == {"timed_out": 2, "complete": 1}
        assert states(command) == {0: "timed_out", 1: "timed_out", 2: "complete"}
        assert {event["error"] for event in command.events("end")[:2]} == {_SILENT}
        steps = [(event["trial"], event["step"]) for event in command.events("result")]
        assert steps == [(0, 1), (2, 1), (2, 2), (2, 3)]
        processes = [event["metrics"]["process"] for event in command.events("result")]
        assert len(set(processes)) == 2
        assert not Path(f"/proc/{int(processes[0])}").exists()


def test_a_final_run_that_hangs_is_ended_and_the_others_count(tmp_path: Path) -> None:
    """Oracle: of the four final seeds those that are odd sleep for an hour before their first epoch."""
    study = """
        name: toy
        trainable: toys.py:Fated
        fixed: {x: 0.5, fate: hangs_at_last}
        search: {metric: val/accuracy, mode: max, trials: 1, budget: {max: 3}, epoch_timeout: 10s}
        final: {seeds: 4}
        """
    seeds = [final_seed(1, number) for number in range(4)]
    with Command(tmp_path, study) as command:
        command.run()
        outcome = Store(f"sqlite:///{command.home / 'mlflow.db'}").outcomes("toy")[0]
        told = {final.seed: (str(final.state), final.error) for final in outcome.finals}
        assert told == {seed: ("timed_out", _SILENT) if seed % 2 else ("complete", None) for seed in seeds}
        assert set(outcome.test_metrics) == {"test/accuracy"}
