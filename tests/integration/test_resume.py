"""The command line as a person uses it: killed with SIGKILL, interrupted with Ctrl-C, run again, run once too often."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

HERE = Path(__file__).parent
STUDY = dedent(
    """
    name: slow
    trainable: toys.py:Curve
    fixed: {epoch_s: 0.25}
    space: {x: {uniform: [0, 1]}}
    search:
      {metric: val/accuracy, mode: max, trials: 6, budget: {max: 4}, searcher: hyperopt,
       scheduler: {asha: {grace_period: 1, reduction_factor: 3}}}
    """
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


def _start(folder: Path, home: str, *options: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    (folder / "slow.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "toys.py").write_text((HERE / "toys.py").read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "tuner", "run", "slow.yaml", "--home", home, *options]
    return subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _ledger(folder: Path, home: str) -> Path:
    return folder / home / "studies" / "slow" / "0001" / "searches" / "all" / "ledger.jsonl"


def _events(path: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        event.pop("clock")
        if "metrics" in event:
            event["metrics"].pop("process")
    return [event for event in events if event["event"] in ("suggest", "result", "end", "search_end")]


def _wait_for_results(path: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().count('"event":"result"') >= count:
            return
        time.sleep(0.1)
    pytest.fail(f"no {count} results in {path} after two minutes")


def _finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """Oracle: the ledger of an uninterrupted run with the same seed, timings aside; one more has nothing to do."""
    code, _, err = _finish(_start(tmp_path, "whole"))
    assert code == 0, err

    for results in (2, 5):
        killed = _start(tmp_path, "killed")
        _wait_for_results(_ledger(tmp_path, "killed"), results)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    code, out, err = _finish(_start(tmp_path, "killed", "--json"))
    assert code == 0, err
    assert " 6/6 trial " in err  # those that ended before are counted
    facts = json.loads(out)
    assert facts["ran"]
    assert facts["searches"][0]["trials"] == 6
    assert _events(_ledger(tmp_path, "killed")) == _events(_ledger(tmp_path, "whole"))

    code, out, err = _finish(_start(tmp_path, "killed", "--json"))
    assert code == 0, err
    assert not json.loads(out)["ran"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_how_to_go_on_and_a_second_run_is_told_who_holds_the_study(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Oracle: exit code 130 within seconds, the same command on stderr; a run beside it gets exit code 1 and a pid."""
    running = _start(tmp_path, "home", "--set", "fixed.epoch_s=3")
    _wait_for_results(_ledger(tmp_path, "home"), 1)
    code, _, err = _finish(_start(tmp_path, "home", "--set", "fixed.epoch_s=3"))
    assert code == 1
    assert f"process {running.pid}" in err
    asked_at = time.monotonic()
    running.send_signal(number)
    code, _, err = _finish(running)
    assert code == 130
    assert time.monotonic() - asked_at < 30
    assert "tuner run slow.yaml --home home" in err
    deadline = time.monotonic() + 5  # Ray's servers end when they see their driver end
    while (left := _left_behind(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def _left_behind(folder: Path) -> list[str]:
    """Command lines of processes that work in this folder: Ray's servers name their session, workers inherit it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found
