"""A disk that fills up while trials train: the search stops, no trial has failed, the same command goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner import RunResult

RunStudy = Callable[..., RunResult]
STUDY = """
    name: {name}
    trainable: toys.py:{toy}
    space: {{x: {{uniform: [0.1, 1.0]}}}}
    search: {{metric: val/accuracy, mode: max, trials: 2, budget: {{max: 3}}}}
"""


def _events(home: Path, name: str) -> list[dict[str, Any]]:
    path = home / "studies" / name / "0001" / "searches" / "all" / "ledger.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        event.pop("clock")
        event.get("metrics", {}).pop("process", None)
    return [event for event in events if event["event"] in ("suggest", "result", "end")]


def _whole(run_study: RunStudy, home: Path, name: str, toy: str) -> list[dict[str, Any]]:
    """The ledger of a run of the same study that never met a full disk."""
    assert run_study(STUDY.format(name=name, toy=toy)).ok
    return _events(home, name)


@pytest.mark.timeout(400)
def test_a_checkpoint_without_room_halts_the_search_which_then_goes_on(run_study: RunStudy, home: Path) -> None:
    """Oracle: the ledger of a run of the same study that never met a full disk."""
    full = home / "data" / "full"
    full.parent.mkdir(exist_ok=True)
    full.touch()
    halted = run_study(STUDY.format(name="out_of_room", toy="Crowded"))
    assert not halted.ok
    error = halted.searches[0].error
    assert error is not None
    assert "the disk is full" in error
    assert "trials/0000/step-000002.pt" in error
    assert "free" in error
    assert [event["event"] for event in _events(home, "out_of_room")] == ["suggest", "result", "result"]
    full.unlink()
    assert run_study(STUDY.format(name="out_of_room", toy="Crowded")).ok
    assert _events(home, "out_of_room") == _whole(run_study, home, "roomy", "Crowded")


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_disk_that_is_really_full(run_study: RunStudy, home: Path, small_disk: Callable[[int], Path]) -> None:
    """Oracle: as above. Two checkpoints of 8 MB do not fit beside 30 MB of ballast on a disk of 44."""
    disk = small_disk(44_000_000)
    (disk / "ballast").write_bytes(bytes(30_000_000))
    (home / "studies").mkdir(exist_ok=True)
    (home / "studies" / "heavy").symlink_to(disk, target_is_directory=True)
    halted = run_study(STUDY.format(name="heavy", toy="Heavy"))
    error = halted.searches[0].error
    assert error is not None
    assert "step-000002.pt needs 8.0 MB" in error
    folder = disk / "0001" / "searches" / "all" / "trials" / "0000"
    assert [path.name for path in folder.iterdir()] == ["step-000001.pt"]
    (disk / "ballast").unlink()
    assert run_study(STUDY.format(name="heavy", toy="Heavy")).ok
    assert _events(home, "heavy") == _whole(run_study, home, "light", "Heavy")
