"""Which checkpoints of a running trial there are, and whose room they take."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from disk.writing import PARTIAL
from trainables.training import load_checkpoint
from tuner.dispatch.checkpoints import SPARES, Checkpoints


class Weights:
    """A training that is nothing but weights."""

    def __init__(self, count: int, value: float = 0.0) -> None:
        self.weights = torch.full((count,), value)

    def train_epoch(self) -> dict[str, float]:
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        return {"weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.weights = state["weights"]


def _loaded(path: Path) -> list[float]:
    training = Weights(0)
    load_checkpoint(training, path)
    return training.weights.tolist()


def test_the_last_two_and_the_best_stay_and_each_holds_its_own_epoch(tmp_path: Path) -> None:
    """Oracle: the two newest steps and the best one, by hand, over 30 random trials of 12 epochs."""
    for number in range(30):
        draw, best = random.Random(number), 0  # noqa: S311  (a draw, not a secret)
        checkpoints = Checkpoints(tmp_path / f"{number:04d}")
        for step in range(1, 13):
            best = step if draw.random() < 0.4 else best
            checkpoints.write(Weights(draw.randrange(1, 5000), step), step, done=step, best_step=best or None)
            assert checkpoints.steps() == sorted({step - 1, step, best} - {0})
            assert all(set(_loaded(checkpoints.path(kept))) == {float(kept)} for kept in checkpoints.steps())
        checkpoints.keep_only(best or None)
        assert checkpoints.steps() == [best] * bool(best)


def test_an_epoch_that_is_trained_again_keeps_the_one_before_it(tmp_path: Path) -> None:
    """Oracle: killed while it writes step 3 again, a trial must still find step 2, the ledger's last."""
    checkpoints = Checkpoints(tmp_path / "0000")
    for step in (1, 2, 3, 3):
        checkpoints.write(Weights(10, step), step, done=step, best_step=1)
    assert checkpoints.steps() == [1, 2, 3]


def test_a_file_that_is_not_needed_is_written_over(tmp_path: Path) -> None:
    """Oracle: the file system's own number of the file; a shorter state leaves nothing of the longer one."""
    checkpoints = Checkpoints(tmp_path / "0000")
    for step in (1, 2):
        checkpoints.write(Weights(50_000), step, done=step, best_step=None)
    first = checkpoints.path(1).stat()
    checkpoints.write(Weights(10, 3.0), 3, done=3, best_step=None)
    again = checkpoints.path(3).stat()
    assert (again.st_ino, again.st_size < first.st_size / 10) == (first.st_ino, True)
    other = Checkpoints(tmp_path / "other")
    other.write(Weights(10, 3.0), 3, done=3, best_step=None)
    assert checkpoints.path(3).read_bytes() == other.path(3).read_bytes()


def test_what_ended_trials_need_no_more_is_put_by_for_the_next(tmp_path: Path) -> None:
    """Oracle: the file system's own numbers; a few files at most, each named as anybody's to remove."""
    trials = [Checkpoints(tmp_path / f"{number:04d}") for number in range(7)]
    *ended, begun = trials
    for trial in ended:
        trial.write(Weights(10), 1, done=1, best_step=1)
    numbers = {trial.path(1).stat().st_ino for trial in ended}
    for trial in ended:
        trial.keep_only(None)
    assert {path.name for path in tmp_path.iterdir()} == {SPARES}
    spares = list((tmp_path / SPARES).iterdir())
    assert len(spares) == 4
    assert all(path.name.startswith(".") and path.name.endswith(PARTIAL) for path in spares)
    begun.write(Weights(10), 1, done=1, best_step=None)
    assert begun.path(1).stat().st_ino in numbers
    assert len(list((tmp_path / SPARES).iterdir())) == 3


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_file_half_of_which_is_another_s_is_refused(at: float, tmp_path: Path) -> None:
    """Oracle: what a power cut may leave of a file that was written over, a page of the old one among the new ones."""
    old, new = Checkpoints(tmp_path / "0000"), Checkpoints(tmp_path / "0001")
    old.write(Weights(5000, 1.0), 1, done=1, best_step=None)
    new.write(Weights(5000, 2.0), 1, done=1, best_step=None)
    data = bytearray(new.path(1).read_bytes())
    page = int(at * len(data)) // 4096 * 4096
    data[page : page + 4096] = old.path(1).read_bytes()[page : page + 4096]
    new.path(1).write_bytes(data)
    with pytest.raises(ValueError, match="must be a checkpoint"):
        load_checkpoint(Weights(0), new.path(1))
