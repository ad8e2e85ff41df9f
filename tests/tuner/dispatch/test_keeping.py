"""Which checkpoints stay while a search runs, and once it is over."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

from results.records import SearchRecord
from tuner.dispatch.history import History
from tuner.dispatch.keeping import Keeper, tidy_up, wait_for_removals

SEARCH = SearchRecord(search_id="s/all", key="all", cell={}, metric="val/loss", mode="min", started_at_ms=0)
EPOCHS = 3
CLOCK = {"clock": {"at_ms": 0}}


def _events(draw: random.Random, trials: int) -> list[dict[str, Any]]:
    """Trials that overlap, some of them failed, some equal, some without a finite value, in the order of a ledger."""
    ends = []
    events: list[dict[str, Any]] = []
    for number in range(trials):
        events.append({"event": "suggest", "trial": number, "config": {}, "seed": 0, **CLOCK})
        for step in range(1, EPOCHS + 1):
            value = draw.choice([1.0, 2.0, 2.0, 3.0, 4.0, math.inf])
            events.append({"event": "result", "trial": number, "step": step, "metrics": {"val/loss": value}, **CLOCK})
        state = draw.choice(["complete", "stopped", "crashed"])
        ends.append({"event": "end", "trial": number, "state": state, "stopped_by": None, "error": None, **CLOCK})
        draw.shuffle(ends)
        while len(ends) > 2:
            events.append(ends.pop())
    return events + ends


def _checkpoints(folder: Path, trials: int) -> None:
    for number in range(trials):
        for step in range(1, EPOCHS + 1):
            path = folder / "trials" / f"{number:04d}" / f"step-{step:06d}.pt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def _files(folder: Path) -> set[str]:
    wait_for_removals()
    return {f"{path.parent.name}/{path.name}" for path in folder.glob("trials/*/*.pt")}


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_what_stays_trial_by_trial_is_what_stays_of_the_whole(keep: int, tmp_path: Path) -> None:
    """Oracle: the ranking of all trials at the end, over 50 random searches; one of them was killed half-way."""
    for seed in range(50):
        draw = random.Random(seed)  # noqa: S311  (a draw, not a secret)
        events, apart, whole = _events(draw, 8), tmp_path / f"{seed}-apart", tmp_path / f"{seed}-whole"
        for folder in (apart, whole):
            _checkpoints(folder, 8)
        half = len(events) // 2
        first = Keeper(apart, SEARCH, keep=keep)
        for event in events[:half]:
            first.observe(event)
        second = Keeper(apart, SEARCH, keep=keep, events=events[:half])
        for event in events[half:]:
            second.observe(event)
        tidy_up(whole, SEARCH, History("s/all", events).trials, keep=keep)
        assert _files(apart) == _files(whole), seed
        assert len(_files(apart)) <= keep


def test_a_trial_is_cleared_once_its_last_checkpoint_is_there(tmp_path: Path) -> None:
    """Oracle: its process may still write it when the trial has ended; the next event finds it and clears."""
    events: list[dict[str, Any]] = [{"event": "suggest", "trial": 0, "config": {}, "seed": 0, **CLOCK}]
    for step, value in ((1, 1.0), (2, 2.0)):
        events.append({"event": "result", "trial": 0, "step": step, "metrics": {"val/loss": value}, **CLOCK})
    end = {"event": "end", "trial": 0, "state": "complete", "stopped_by": None, "error": None, **CLOCK}
    next_one = {"event": "suggest", "trial": 1, "config": {}, "seed": 0, **CLOCK}
    folder = tmp_path / "trials" / "0000"
    folder.mkdir(parents=True)
    (folder / "step-000001.pt").touch()
    keeper = Keeper(tmp_path, SEARCH, keep=1, events=events)
    keeper.observe(end)
    (folder / "step-000002.pt").touch()
    assert _files(tmp_path) == {"0000/step-000001.pt", "0000/step-000002.pt"}
    keeper.observe(next_one)
    assert _files(tmp_path) == {"0000/step-000001.pt"}


def test_a_running_trial_keeps_its_own_and_a_better_one_takes_the_place(tmp_path: Path) -> None:
    """Oracle by hand: losses 2, 1, 3 of three trials: the second's step 2 is what stays."""
    _checkpoints(tmp_path, 3)
    keeper = Keeper(tmp_path, SEARCH, keep=1)

    def train(number: int, *losses: float) -> None:
        keeper.observe({"event": "suggest", "trial": number, "config": {}, "seed": 0, **CLOCK})
        for step, loss in enumerate(losses, start=1):
            keeper.observe({"event": "result", "trial": number, "step": step, "metrics": {"val/loss": loss}, **CLOCK})

    def end(number: int) -> None:
        keeper.observe(
            {"event": "end", "trial": number, "state": "complete", "stopped_by": None, "error": None, **CLOCK}
        )

    train(0, 4.0, 4.0, 2.0)
    train(1, 4.0, 1.0, 2.0)
    end(0)
    running = {f"{number:04d}/step-{step:06d}.pt" for number in (1, 2) for step in (1, 2, 3)}
    assert _files(tmp_path) == {"0000/step-000003.pt", *running}
    end(1)
    train(2, 3.0, 3.0, 3.0)
    end(2)
    assert _files(tmp_path) == {"0001/step-000002.pt"}
