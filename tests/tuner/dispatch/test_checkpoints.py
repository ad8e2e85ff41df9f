"""Which checkpoints of a running trial there are, and whose room they take."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from disk.writing import PARTIAL
from trainables.training import BrokenCheckpointError, load_checkpoint
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


def _write(checkpoints: Checkpoints, training: Weights, step: int) -> None:
    """Write one and wait for it."""
    checkpoints.write(training, step, done=step, best_step=None)
    checkpoints.settle()


class Slow:
    """A value that cannot be written before `allowed` is set; ten seconds are longer than anybody waits."""

    def __init__(self, allowed: threading.Event) -> None:
        self._allowed = allowed

    def __reduce__(self) -> Any:
        self._allowed.wait(10)
        return (int, ())


class Broken:
    """A value that cannot be written."""

    def __reduce__(self) -> Any:
        raise TypeError("cannot be written")


def test_a_checkpoint_is_written_while_the_trial_trains_on(tmp_path: Path) -> None:
    """Oracle: the file cannot be finished before the call is back; what is trained meanwhile is not in it."""
    checkpoints, training, trained_on = Checkpoints(tmp_path / "0000"), Weights(3, 1.0), threading.Event()
    state = training.state_dict()
    training.state_dict = lambda: {**state, "slow": Slow(trained_on)}  # type: ignore[method-assign]
    checkpoints.write(training, 1, done=1, best_step=None)
    training.weights += 1
    assert checkpoints.steps() == []
    trained_on.set()
    checkpoints.settle()
    assert torch.load(checkpoints.path(1), weights_only=False)["state"]["weights"].tolist() == [1.0] * 3


def test_what_went_wrong_is_told_when_the_next_one_is_begun(tmp_path: Path) -> None:
    checkpoints, training = Checkpoints(tmp_path / "0000"), Weights(3)
    training.state_dict = lambda: {"broken": Broken()}  # type: ignore[method-assign]
    checkpoints.write(training, 1, done=1, best_step=None)
    with pytest.raises(TypeError, match="cannot be written"):
        checkpoints.write(training, 2, done=2, best_step=None)
    checkpoints.settle()
    assert checkpoints.steps() == []


def test_the_one_before_stays_where_the_best_was_not_written(tmp_path: Path) -> None:
    """Oracle: of the steps 1, 2 and 4 without 3, that would be the best, 2 is what it can be made of."""
    checkpoints = Checkpoints(tmp_path / "0000")
    for step in (1, 2, 4):
        (tmp_path / "0000").mkdir(exist_ok=True)
        checkpoints.path(step).touch()
    checkpoints.keep_only(3)
    assert checkpoints.steps() == [2]


def test_the_last_two_and_the_best_stay_and_each_holds_its_own_epoch(tmp_path: Path) -> None:
    """Oracle: the two newest steps and the best one, by hand, over 30 random trials of 12 epochs."""
    for number in range(30):
        draw, best = random.Random(number), 0  # noqa: S311  (a draw, not a secret)
        checkpoints = Checkpoints(tmp_path / f"{number:04d}")
        for step in range(1, 13):
            best = step if draw.random() < 0.4 else best
            checkpoints.write(Weights(draw.randrange(1, 5000), step), step, done=step, best_step=best or None)
            checkpoints.settle()
            assert checkpoints.steps() == sorted({step - 1, step, best} - {0})
            assert all(set(_loaded(checkpoints.path(kept))) == {float(kept)} for kept in checkpoints.steps())
        checkpoints.keep_only(best or None)
        assert checkpoints.steps() == [best] * bool(best)


def test_an_epoch_that_is_trained_again_keeps_the_one_before_it(tmp_path: Path) -> None:
    """Oracle: killed while it writes step 3 again, a trial must still find step 2, the ledger's last."""
    checkpoints = Checkpoints(tmp_path / "0000")
    for step in (1, 2, 3, 3):
        checkpoints.write(Weights(10, step), step, done=step, best_step=1)
    checkpoints.settle()
    assert checkpoints.steps() == [1, 2, 3]


def test_a_file_that_is_not_needed_is_written_over(tmp_path: Path) -> None:
    """Oracle: the file system's own number of the file; a shorter state leaves nothing of the longer one."""
    checkpoints = Checkpoints(tmp_path / "0000")
    for step in (1, 2):
        checkpoints.write(Weights(50_000), step, done=step, best_step=None)
    checkpoints.settle()
    first = checkpoints.path(1).stat()
    _write(checkpoints, Weights(10, 3.0), 3)
    again = checkpoints.path(3).stat()
    assert (again.st_ino, again.st_size < first.st_size / 10) == (first.st_ino, True)
    other = Checkpoints(tmp_path / "other" / "0000")
    _write(other, Weights(10, 3.0), 3)
    assert checkpoints.path(3).read_bytes() == other.path(3).read_bytes()


def test_what_ended_trials_need_no_more_is_put_by_for_the_next(tmp_path: Path) -> None:
    """Oracle: the file system's own numbers; a few files at most, each named as anybody's to remove."""
    trials = [Checkpoints(tmp_path / f"{number:04d}") for number in range(7)]
    *ended, begun = trials
    for trial in ended:
        _write(trial, Weights(10), 1)
    numbers = {trial.path(1).stat().st_ino for trial in ended}
    for trial in ended:
        trial.keep_only(None)
    assert {path.name for path in tmp_path.iterdir()} == {SPARES}
    spares = list((tmp_path / SPARES).iterdir())
    assert len(spares) == 4
    assert all(path.name.startswith(".") and path.name.endswith(PARTIAL) for path in spares)
    _write(begun, Weights(10), 1)
    assert begun.path(1).stat().st_ino in numbers
    assert len(list((tmp_path / SPARES).iterdir())) == 3


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_file_half_of_which_is_another_s_is_refused(at: float, tmp_path: Path) -> None:
    """Oracle: what a power cut may leave of a file that was written over, a page of the old one among the new ones."""
    old, new = Checkpoints(tmp_path / "0000"), Checkpoints(tmp_path / "0001")
    _write(old, Weights(5000, 1.0), 1)
    _write(new, Weights(5000, 2.0), 1)
    data = bytearray(new.path(1).read_bytes())
    page = int(at * len(data)) // 4096 * 4096
    data[page : page + 4096] = old.path(1).read_bytes()[page : page + 4096]
    new.path(1).write_bytes(data)
    with pytest.raises(ValueError, match="must be a checkpoint"):
        load_checkpoint(Weights(0), new.path(1))


def test_a_whole_checkpoint_of_another_trial_or_step_is_refused(tmp_path: Path) -> None:
    """Oracle: what a power cut may leave of a file that was written over: its new name, all of its old content."""
    other, ours = Checkpoints(tmp_path / "0000"), Checkpoints(tmp_path / "0001")
    _write(other, Weights(5, 1.0), 3)
    for step in (1, 2, 3):
        ours.write(Weights(5, 10.0 + step), step, done=step, best_step=None)
    ours.settle()
    for old in (other.path(3), ours.path(2)):
        ours.path(3).write_bytes(old.read_bytes())
        training = Weights(5)
        with pytest.raises(BrokenCheckpointError, match=f"is that of {old.parent.name}/{old.name}"):
            load_checkpoint(training, ours.path(3))
        assert training.weights.tolist() == [0.0] * 5
        assert ours.restore(training, upto=3) == 2
        assert training.weights.tolist() == [12.0] * 5


def test_a_file_that_vanishes_while_it_is_looked_for_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the step before. Another process may put a file by between the two looks."""
    checkpoints, training = Checkpoints(tmp_path / "0000"), Weights(5)
    _write(checkpoints, Weights(5, 1.0), 1)
    monkeypatch.setattr(checkpoints, "steps", lambda: [1, 2])
    assert (checkpoints.restore(training, upto=2), training.weights.tolist()) == (1, [1.0] * 5)


def test_a_trainable_that_refuses_its_state_is_not_taken_for_a_torn_file(tmp_path: Path) -> None:
    """Oracle: the trainable's own words; it may have taken half of the state."""
    checkpoints, training = Checkpoints(tmp_path / "0000"), Weights(5)
    _write(checkpoints, training, 1)

    def refuse(state: Mapping[str, Any]) -> None:
        raise ValueError("another shape")

    training.load_state_dict = refuse  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="another shape"):
        checkpoints.restore(training, upto=1)
