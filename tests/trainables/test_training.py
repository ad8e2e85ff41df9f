"""The epoch loop and its checkpoints, on a training small enough to follow by hand."""

import math
import pickle

import pytest
import torch

from trainables.training import Diverged, epochs, load_checkpoint, save_checkpoint, snapshot


class Counter:
    """A training whose weight grows by one each epoch."""

    def __init__(self, metrics=None):
        self.weight = torch.zeros(1)
        self.metrics = metrics or {}

    def train_epoch(self):
        self.weight += 1
        return {"train/loss": float(self.weight), **self.metrics}

    def state_dict(self):
        return {"weight": self.weight.clone()}

    def load_state_dict(self, state):
        self.weight = state["weight"].clone()


class Silent(Counter):
    def train_epoch(self):
        return {}


def test_the_loop_numbers_epochs_and_times_them():
    """Oracle: by hand, three epochs of the counter."""
    results = list(epochs(Counter(), last=3))
    assert [result["epoch"] for result in results] == [1, 2, 3]
    assert [result["train/loss"] for result in results] == [1.0, 2.0, 3.0]
    assert all(result["time/epoch_s"] >= 0 for result in results)


def test_the_loop_is_lazy():
    """Oracle: asking for one epoch trains one epoch, so a stopped trial costs nothing more."""
    training = Counter()
    next(epochs(training, last=1000))
    assert training.weight.item() == 1


def test_a_checkpoint_carries_the_loop_on(tmp_path):
    """Oracle: the uninterrupted run."""
    path = tmp_path / "checkpoint.pt"
    whole = [result["train/loss"] for result in epochs(Counter(), last=5)]
    first = Counter()
    start = [result["train/loss"] for result in epochs(first, last=2)]
    save_checkpoint(first, path, done=2)
    assert snapshot(first, done=2).size == path.stat().st_size
    second = Counter()
    done = load_checkpoint(second, path)
    rest = [result["train/loss"] for result in epochs(second, last=5, done=done)]
    assert start + rest == whole
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_failed_save_keeps_the_old_checkpoint(tmp_path):
    """Oracle: the file that was there before."""
    path = tmp_path / "checkpoint.pt"
    training = Counter()
    save_checkpoint(training, path, done=1)
    before = path.read_bytes()
    training.state_dict = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        save_checkpoint(training, path, done=2)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


class Intruder:
    """Unpickling one would call a function of its choice."""

    def __reduce__(self):
        return (pytest.fail, ("code in the checkpoint was run",))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", "pickle", "no state"])
def test_what_is_no_checkpoint_is_refused_and_never_run(tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    if content == "pickle":
        path.write_bytes(pickle.dumps({"done": 1, "state": Intruder()}))
    elif content == "no state":
        torch.save({"done": 1}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"checkpoint\.pt: must be a checkpoint"):
        load_checkpoint(Counter(), path)


def test_a_missing_checkpoint_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_checkpoint(Counter(), tmp_path / "none.pt")


@pytest.mark.parametrize("key", ["train/loss", "val/loss", "loss"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_divergence(key, value):
    with pytest.raises(Diverged, match=f"{key} is {value} at epoch 1"):
        next(epochs(Counter({key: value}), last=1))


def test_a_large_negative_loss_and_other_nans_are_no_divergence():
    """Oracle: equation (7) has no lower bound; a few-shot accuracy without queries is NaN by definition."""
    assert next(epochs(Counter({"val/loss": -1e30, "val/floss": math.nan}), last=1))["val/loss"] == -1e30


@pytest.mark.parametrize("value", [True, "0.5", None, torch.tensor(0.5)])
def test_metrics_are_python_numbers(value):
    with pytest.raises(TypeError, match=r"val/accuracy is .* at epoch 1"):
        next(epochs(Counter({"val/accuracy": value}), last=1))


@pytest.mark.parametrize("key", ["epoch", "time/epoch_s"])
def test_the_loops_own_keys_are_refused(key):
    with pytest.raises(ValueError, match=f"must not report '{key}'"):
        next(epochs(Counter({key: 1.0}), last=1))


def test_an_epoch_without_metrics_is_refused():
    with pytest.raises(ValueError, match="at least one metric"):
        next(epochs(Silent(), last=1))


def test_a_checkpoint_from_before_files_said_whose_they_are_is_loaded(tmp_path):
    """Oracle: a file as it was written then, and one that may be moved."""
    torch.save({"done": 3, "state": {"weight": torch.ones(1)}}, tmp_path / "old.pt")
    save_checkpoint(Counter(), tmp_path / "first.pt", done=4)
    (tmp_path / "first.pt").rename(tmp_path / "moved.pt")
    assert [load_checkpoint(Counter(), tmp_path / name) for name in ("old.pt", "moved.pt")] == [3, 4]
    snapshot(Counter(), done=5, of=tmp_path / "named.pt").write(tmp_path / "named.pt")
    assert load_checkpoint(Counter(), tmp_path / "named.pt") == 5
