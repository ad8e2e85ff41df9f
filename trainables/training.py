"""The Training protocol: what the orchestrator needs of a trial, and the only epoch loop."""

from __future__ import annotations

import math
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, runtime_checkable

import torch

from disk import size_of, write_whole
from trainables.states import copied

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class TrialContext:
    """Where a trial runs and where its data lies: everything that is not a hyperparameter.

    device: "cpu", "cuda", "cuda:1", "mps"; already resolved, never "auto".
    precision: "fp32", or "bf16" for autocast. threads: CPU threads the trial may use.
    data_dir: raw data sets in torchvision's layout. cache_dir: prepared arrays, shared by all trials.
    test_every_epoch: also measure the test split each epoch (a named protocol, off by default).
    final: selection is over: train on the validation images too, and do not measure them.
    """

    seed: int
    data_dir: Path
    cache_dir: Path
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 1
    test_every_epoch: bool = False
    final: bool = False

    @property
    def measured(self) -> tuple[str, ...]:
        """The splits, "val" and "test", that an epoch measures."""
        wanted = {"val": not self.final, "test": self.test_every_epoch}
        return tuple(split for split, measures in wanted.items() if measures)


class Training(Protocol):
    """One trial: built as `Class(config, context)`, then asked for one epoch after another.

    Building it draws all initial randomness from `context.seed`; nothing survives from an earlier trial of
    the same process. An optional class method `prepare(config, context) -> str` is called once per search
    before any trial: it decodes data into `context.cache_dir` and returns the data's fingerprint.
    """

    def train_epoch(self) -> Mapping[str, float]:
        """Train one epoch, measure, and return the metrics ("train/loss", "val/accuracy", ...)."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on (weights, optimiser, random generators ...).

        Tensors and plain values only, so that `torch.load(weights_only=True)` reads it back. The tensors may be
        those that are trained: whoever keeps a state copies it (`snapshot`).
        """
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state`, so that the next epoch equals that of an uninterrupted trial."""
        ...


@dataclass(frozen=True)
class ExportedModel:
    """A model to keep: a module in evaluation mode and two or more example rows for its signature.

    module: maps an image batch [B, C, H, W] (uint8, prepared size) to scores [B, K], higher is likelier.
    """

    module: nn.Module
    example: Tensor


@runtime_checkable
class Testable(Protocol):
    """A training that can open its test split, once, after selection."""

    def test(self) -> Mapping[str, float]:
        """Measure the current weights on the test split ("test/accuracy", ...)."""
        ...


@runtime_checkable
class Exportable(Protocol):
    """A training whose model can be kept and loaded without this code."""

    def export(self) -> ExportedModel:
        """Return the current weights as a self-contained module."""
        ...


@runtime_checkable
class Inspectable(Protocol):
    """A training that can show what it sees, for the figures of a report."""

    def arrays(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Predictions, scores, labels, a sample of embeddings ...: named arrays for one .npz file."""
        ...


class Diverged(ArithmeticError):  # noqa: N818  (the state's name, as it is recorded)
    """A metric that must be finite is not. A large negative loss is no divergence."""


def epochs(training: Training, *, last: int, done: int = 0) -> Iterator[dict[str, float]]:
    """Run epochs `done + 1 .. last`, yielding each one's metrics with "epoch" and "time/epoch_s" added.

    A generator: between two epochs the caller may save a checkpoint, report, or stop by asking for no more.
    done: the epochs that `training` has behind it, as `load_checkpoint` returns it.
    Raises Diverged when "loss" or any "*/loss" is NaN or infinite: such a model only wastes compute. Raises
    ValueError when an epoch reports nothing, "epoch" or "time/epoch_s" (both are the loop's), TypeError when
    it reports a value that is no number.
    """
    for epoch in range(done + 1, last + 1):
        started = time.perf_counter()
        metrics = dict(training.train_epoch())
        elapsed_s = time.perf_counter() - started
        _check(metrics, epoch)
        yield {"epoch": epoch, **metrics, "time/epoch_s": elapsed_s}


def _check(metrics: Mapping[str, float], epoch: int) -> None:
    if not metrics:
        raise ValueError(f"train_epoch must return at least one metric, but epoch {epoch} returned none")
    for key, value in metrics.items():
        if key in ("epoch", "time/epoch_s"):
            raise ValueError(f"train_epoch must not report {key!r}: the epoch loop adds it")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"metrics must be Python numbers, but {key} is {value!r} at epoch {epoch}")
        if key.rsplit("/", 1)[-1] == "loss" and not math.isfinite(value):
            raise Diverged(f"{key} is {value} at epoch {epoch}")


class BrokenCheckpointError(ValueError):
    """A file that is no checkpoint as it was written: torn by a power cut, another trial's, or none at all."""


class Snapshot(NamedTuple):
    """A training's state after `done` epochs, on the CPU and shared with nobody: it may train on meanwhile.

    of: the folder and file that it is written to and stays in; None for one that may be moved.
    """

    done: int
    state: Mapping[str, Any]
    of: str | None = None

    def write(self, path: Path, *, over: Path | None = None, flushed: bool = False) -> None:
        """Put it at `path`: whole or not at all, even if killed. Raises DiskFullError if there is no room.

        over: a checkpoint that nobody needs any more, whose room is written over.
        flushed: wait until it is on the disk. Else after a power cut the newest file may be torn, or still be the one
        that was written over, which `load_checkpoint` notices, and an older one serves.
        """
        write_whole(path, self._save, flushed=flushed, over=over)

    @property
    def size(self) -> int:
        """The bytes that `write` writes."""
        return size_of(self._save)

    def _save(self, file: BinaryIO) -> None:
        named = {} if self.of is None else {"of": self.of}
        torch.save({"done": self.done, "state": self.state, **named}, file)


def snapshot(training: Training, *, done: int, of: Path | None = None) -> Snapshot:
    """What `load_checkpoint` needs to go on after these `done` epochs.

    of: where it will lie for good. Its file says so, and is refused elsewhere.
    """
    return Snapshot(done, copied(training.state_dict()), None if of is None else _named(of))


def save_checkpoint(training: Training, path: Path, *, done: int, flushed: bool = False) -> None:
    """Write the training's state after `done` epochs to `path` and wait for it; see `Snapshot.write`."""
    snapshot(training, done=done).write(path, flushed=flushed)


def load_checkpoint(training: Training, path: Path) -> int:
    """Continue from the state at `path`; returns how many epochs it has behind it.

    Tensors and plain values only: nothing in the file is executed. Raises FileNotFoundError, or BrokenCheckpointError
    for a file that no snapshot was written to whole, or one of another trial or step.
    """
    try:
        with zipfile.ZipFile(path) as file:
            torn = file.testzip()  # torch.load does not compare the sums
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        done, state, of = int(checkpoint["done"]), checkpoint["state"], checkpoint.get("of")
    except FileNotFoundError:
        raise
    except Exception as error:  # torch.load has no error type of its own: EOFError, KeyError, pickle's ...
        raise BrokenCheckpointError(
            f"{path}: must be a checkpoint of a training, but cannot be read: {error}"
        ) from error
    if torn is not None:
        raise BrokenCheckpointError(
            f"{path}: must be a checkpoint as it was written, but the sum of its record {torn} is another"
        )
    if of not in (None, _named(path)):
        raise BrokenCheckpointError(f"{path}: must be the checkpoint that was written there, but is that of {of}")
    training.load_state_dict(state)
    return done


def _named(path: Path) -> str:
    """A checkpoint's name in its file: without the folders above its trial's, which may be moved."""
    return f"{path.parent.name}/{path.name}"
