"""The servers of a run's cluster are killed under it: what it says, how it ends, how the same command goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for command.py

from command import Command, states, using

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
STUDY = """
    name: toy
    trainable: toys.py:Fated
    fixed: {x: 0.5}
    space: {fate: {choice: [fine, waits]}}
    search: {metric: val/accuracy, mode: max, trials: 2, budget: {max: 2}, searcher: grid}
    """


def _server(command: Command, name: str) -> int:
    """The process id of one of Ray's servers."""
    for pid in using(command):
        with contextlib.suppress(psutil.NoSuchProcess):  # short-lived ones come and go
            if "".join(psutil.Process(pid).cmdline()[:1]).endswith(f"/{name}"):
                return pid
    pytest.fail(f"no {name} runs")


@pytest.mark.parametrize("name", ["gcs_server", "raylet"])
def test_the_run_ends_in_words_and_the_same_command_goes_on(tmp_path: Path, name: str) -> None:
    """Oracle: exit code 1, the server's name and the command on stderr; no trial failed, none is trained twice."""
    with Command(tmp_path, STUDY) as command:
        command.start()
        command.wait_for(lambda: states(command) and command.events("start")[-1]["trial"] == 1)
        os.kill(_server(command, name), signal.SIGKILL)
        code, _, err = command.finish(within_s=100)
        assert code == 1, err
        assert f"Ray's {name} (process" in err
        assert err.rstrip().endswith("Go on with: tuner run toy.yaml --home h")
        assert "Traceback" not in err
        assert states(command) == {0: "complete"}

        (command.home / "data").mkdir(exist_ok=True)
        (command.home / "data" / "go").touch()
        assert command.run()["searches"][0]["states"] == {"complete": 2}
        steps = [(event["trial"], event["step"]) for event in command.events("result")]
        assert steps == [(0, 1), (0, 2), (1, 1), (1, 2)]
