"""What is taken from the best trial, where its process was killed before its last checkpoint was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from trainables.training import TrialContext, load_checkpoint
from tuner.dispatch.checkpoints import Checkpoints
from tuner.dispatch.finale import take
from tuner.dispatch.trial import Runtime


class Walk:
    """A random walk: where it is after an epoch depends on all draws before."""

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self.generator = torch.Generator().manual_seed(context.seed)
        self.at = torch.zeros(())

    def train_epoch(self) -> dict[str, float]:
        self.at += torch.randn((), generator=self.generator)
        return {"val/accuracy": float(self.at)}

    def test(self) -> dict[str, float]:
        return {"test/accuracy": float(self.at)}

    def state_dict(self) -> dict[str, Any]:
        return {"at": self.at, "generator": self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.at = state["at"].clone()
        self.generator.set_state(state["generator"])


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime(
        name="s/all",
        data_dir=tmp_path,
        cache_dir=tmp_path,
        trials_dir=tmp_path / "trials",
        metric="val/accuracy",
        mode="max",
        last_epoch=9,
        device="cpu",
        precision="fp32",
        threads=1,
        test_every_epoch=False,
    )


@pytest.mark.parametrize("written", [0, 1, 3])
def test_the_missing_epochs_are_trained_again(written: int, runtime: Runtime) -> None:
    """Oracle: the uninterrupted walk of four epochs, whose last checkpoint is then there as well."""
    whole, checkpoints = Walk({}, runtime.context(7)), Checkpoints(runtime.trials_dir / "0000")
    for epoch in range(1, 5):
        whole.train_epoch()
        if epoch <= written:
            checkpoints.write(whole, epoch, done=epoch, best_step=None)
    checkpoints.settle()
    path = checkpoints.path(4)
    taken = take(Walk, {}, runtime, (7, False), path, frozenset({"test"}))
    assert taken.test_metrics == whole.test()
    again = Walk({}, runtime.context(8))
    assert (load_checkpoint(again, path), again.test()) == (4, whole.test())


def test_where_steps_are_no_epochs_it_is_said(runtime: Runtime) -> None:
    """PBT's steps count results: which epoch is missing cannot be told."""
    path = Checkpoints(runtime.trials_dir / "0000").path(4)
    with pytest.raises(FileNotFoundError):
        take(Walk, {}, replace(runtime, numbers_results=True), (7, False), path, frozenset({"test"}))


def test_a_torn_checkpoint_is_made_again(runtime: Runtime) -> None:
    """Oracle: the uninterrupted walk. What a power cut leaves of a trial whose best checkpoint alone was kept."""
    whole, checkpoints = Walk({}, runtime.context(7)), Checkpoints(runtime.trials_dir / "0000")
    for epoch in range(1, 5):
        whole.train_epoch()
        checkpoints.write(whole, epoch, done=epoch, best_step=None)
    checkpoints.settle()
    checkpoints.keep_only(4)
    path = checkpoints.path(4)
    path.write_bytes(path.read_bytes()[:-100])
    for _ in range(2):
        assert take(Walk, {}, runtime, (7, False), path, frozenset({"test"})).test_metrics == whole.test()
    again = Walk({}, runtime.context(8))
    assert (load_checkpoint(again, path), again.test()) == (4, whole.test())


def test_a_final_run_s_checkpoint_must_be_there(runtime: Runtime) -> None:
    """Which epochs it is worth is in no file name, so it cannot be trained again here."""
    path = runtime.trials_dir / "last.pt"
    with pytest.raises(FileNotFoundError):
        take(Walk, {}, runtime, (7, True), path, frozenset({"test"}))
