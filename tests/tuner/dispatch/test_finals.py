"""Final runs without a cluster: what is on the disk when one is over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from results.records import TrialRecord, TrialState
from trainables.training import TrialContext
from tuner.dispatch.finals import FinalTask, train_final
from tuner.dispatch.trial import Runtime


class Still:
    """A training that learns nothing."""

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self.value = float(context.seed)

    def train_epoch(self) -> dict[str, float]:
        return {"train/value": self.value}

    def test(self) -> dict[str, float]:
        return {"test/value": self.value}

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.value = state["value"]


def _runtime(folder: Path) -> Runtime:
    return Runtime(
        name="s/all",
        data_dir=folder,
        cache_dir=folder,
        trials_dir=folder / "trials",
        metric="val/accuracy",
        mode="max",
        last_epoch=2,
        device="cpu",
        precision="fp32",
        threads=1,
        test_every_epoch=False,
    )


def _task(folder: Path) -> FinalTask:
    record = TrialRecord(
        trial_id="s/all/0000@2/final-00", number=0, config={}, seed=3, state=TrialState.RUNNING, started_at_ms=0
    )
    return FinalTask(training=Still, config={}, runtime=_runtime(folder), record=record, last=2, folder=folder)


def test_the_weights_of_a_run_that_is_over_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the file system's own number of the file that was flushed last, which is the one that is there."""
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_ino))
    assert train_final(_task(tmp_path)).state is TrialState.COMPLETE
    assert flushed[-1] == (tmp_path / "last.pt").stat().st_ino
