"""Ctrl-C and SIGTERM at every stage of a run: what is recorded, what is said, how soon it ends, how it goes on."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for command.py

from command import Command, gone, states, using

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
STUDY = """
    name: toy
    trainable: toys.py:Curve
    fixed: {{x: 0.5}}
    space: {{epoch_s: {{choice: [{first}, {rest}]}}}}
    search:
      {{metric: val/accuracy, mode: max, trials: 2, budget: {{max: 2}}, searcher: grid, max_concurrent: 2}}
    """
RESUME = "Go on with: tuner run toy.yaml --home h"


class _Clock:
    """Allows ten seconds; on a busy machine, where a start takes longer than fifteen, two thirds of that."""

    def __init__(self) -> None:
        self._began_s, self._asked_s = time.monotonic(), 0.0

    def ask(self) -> None:
        self._asked_s = time.monotonic()

    @property
    def in_time(self) -> bool:
        start_s, took_s = self._asked_s - self._began_s, time.monotonic() - self._asked_s
        return took_s < max(10, start_s * 2 / 3)


def _runs(home: Path, kind: str) -> list[tuple[str, str | None]]:
    """MLflow's status and our state of every run of a kind, by its database."""
    with sqlite3.connect(home / "mlflow.db") as database:
        query = """
            select r.status, s.value from runs r join tags k on k.run_uuid = r.run_uuid and k.key = 'tuner.kind'
            left join tags s on s.run_uuid = r.run_uuid and s.key = 'tuner.state' where k.value = ?
            """
        return sorted(database.execute(query, (kind,)).fetchall())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_epoch_of_an_hour_is_cut_within_ten_seconds(tmp_path: Path, number: signal.Signals) -> None:
    """Oracle: a clock; a trial of two quick epochs is over, one hangs in its first; the states of MLflow's database."""
    with Command(tmp_path, STUDY.format(first=0, rest=3600)) as command:
        clock = _Clock()
        command.start()
        command.wait_for(lambda: states(command).get(0) and len(command.events("start")) == 2 and command.delivered)
        clock.ask()
        command.signal(number)
        code, _, err = command.finish()
        assert clock.in_time
        assert code == 130
        assert err.rstrip().endswith(RESUME)
        assert "Traceback" not in err
        assert states(command) == {0: "complete"}
        assert _runs(command.home, "trial") == [("FINISHED", "complete"), ("KILLED", "interrupted")]
        assert _runs(command.home, "search") == _runs(command.home, "study") == [("KILLED", "interrupted")]
        assert gone(command)


def test_a_signal_after_whoever_reads_is_gone_is_answered_as_ever(tmp_path: Path) -> None:
    """Oracle: exit code 130 and the command, after a line about an ended trial that nobody could be told."""
    with Command(tmp_path, STUDY.format(first=0, rest=3600)) as command:
        command.start()
        command.stop_reading()
        command.wait_for(lambda: states(command).get(0) and len(command.events("start")) == 2)
        command.signal(signal.SIGINT)
        code, _, err = command.finish()
        assert code == 130
        assert err.rstrip().endswith(RESUME)
        assert "Traceback" not in err
        assert states(command) == {0: "complete"}


@pytest.mark.parametrize("part", ["prepare", "test"])
def test_data_that_takes_an_hour_before_or_after_the_trials_is_cut_as_soon(tmp_path: Path, part: str) -> None:
    """Oracle: a clock; what is over is not trained again; the study's runs in MLflow's database."""
    study = """
        name: toy
        trainable: toys.py:Patient
        fixed: {{x: 0.5, long: {part}}}
        search: {{metric: val/accuracy, mode: max, trials: 1, budget: {{max: 2}}}}
        """
    with Command(tmp_path, study.format(part=part)) as command:
        clock, prepared = _Clock(), command.home / "data"
        command.start()
        command.wait_for(lambda: (prepared / part).exists())
        clock.ask()
        command.signal(signal.SIGINT)
        code, _, err = command.finish()
        assert clock.in_time
        assert code == 130, err
        assert err.rstrip().endswith(RESUME)
        assert "Traceback" not in err
        assert states(command) == ({} if part == "prepare" else {0: "complete"})
        assert set(_runs(command.home, "search")) <= {("KILLED", "interrupted")}
        assert _runs(command.home, "study") == [("KILLED", "interrupted")]
        assert gone(command)
        (prepared / "go").touch()
        assert command.run()["searches"][0]["states"] == {"complete": 1}
        assert [event["step"] for event in command.events("result")] == [1, 2]


def test_a_signal_while_ray_starts_is_not_forgotten(tmp_path: Path) -> None:
    """Oracle: no trial is ever suggested; nothing of Ray is left; the same command then runs, which takes longer."""
    with Command(tmp_path, STUDY.format(first=0, rest=0.1)) as command:
        command.start()
        command.wait_for(lambda: using(command))
        asked_s = time.monotonic()
        command.signal(signal.SIGINT)
        code, _, err = command.finish()
        ended_s = time.monotonic()
        assert code == 130, err
        assert err.rstrip().endswith(RESUME)
        assert command.events("suggest") == []
        assert gone(command)
        assert command.run()["searches"][0]["states"] == {"complete": 2}
        assert ended_s - asked_s < time.monotonic() - ended_s


def test_a_second_signal_leaves_at_once_and_the_study_goes_on(tmp_path: Path) -> None:
    """Oracle: a clock; the first trial is not trained again; the ledger has each result once."""
    with Command(tmp_path, STUDY.format(first=0, rest=6)) as command:
        command.start()
        command.wait_for(lambda: states(command).get(0) and len(command.events("start")) == 2)
        command.signal(signal.SIGINT)
        time.sleep(0.3)
        asked_at = time.monotonic()
        while command.runs:  # one that comes before the first was answered is the same one to Python
            command.signal(signal.SIGINT)
            time.sleep(0.2)
        code, _, _ = command.finish()
        assert time.monotonic() - asked_at < 2
        assert code == 130
        assert command.run()["searches"][0]["states"] == {"complete": 2}
        steps = [(event["trial"], event["step"]) for event in command.events("result")]
        assert sorted(steps) == [(0, 1), (0, 2), (1, 1), (1, 2)]
        assert sorted(event["trial"] for event in command.events("end")) == [0, 1]
