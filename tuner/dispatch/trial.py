"""One trial of our own Training protocol, as Ray Tune runs it: an actor that serves one trial after another."""

from __future__ import annotations

import gc
import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.utils.serialization.config  # torch.save would import it, within a trial's first epoch
from ray import tune
from typing_extensions import override

from cluster.dashboard import mark
from disk import DiskFullError
from trainables.training import Diverged, Training, TrialContext, epochs, load_checkpoint, save_checkpoint
from tuner.dispatch.checkpoints import Checkpoints
from tuner.dispatch.troubles import ERROR, HALT, STATE

# With torch loaded a collection takes 0.1 s: only what a longer trial left in cycles is worth it.
_COLLECT_AFTER_S = 5.0
_TUNES = "trial.pt"  # in the checkpoints that Tune asks for
_log = logging.getLogger(__name__)
TICKET = "_ticket"  # the key of a configuration that holds what is not a hyperparameter


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What all trials of a search share. Paths are absolute and, on a cluster, on storage that all nodes see.

    name: "study/search", the first part of a trial's name on the dashboard.
    """

    name: str
    data_dir: Path
    cache_dir: Path
    trials_dir: Path
    metric: str
    mode: str
    last_epoch: int
    device: str
    precision: str
    threads: int
    test_every_epoch: bool
    numbers_results: bool = False  # steps are results, not epochs: PBT hands a trial its donor's epoch

    def context(self, seed: int, *, final: bool = False) -> TrialContext:
        """Where a trial with this seed runs, seen from the process it runs in. final: see `TrialContext`."""
        return TrialContext(
            seed=seed,
            data_dir=self.data_dir,
            cache_dir=self.cache_dir,
            device=_resolve_device(self.device),
            precision=self.precision,
            threads=self.threads,
            test_every_epoch=self.test_every_epoch,
            final=final,
        )


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a trial is given beside its hyperparameters.

    It travels in the configuration, because Tune keeps parameters and classes in registries by name, where two searches
    side by side would overwrite each other's.
    done: steps in the ledger. best_step, best: the best of them and its value.
    """

    training: Callable[..., Training]
    runtime: Runtime
    number: int
    seed: int
    done: int
    best_step: int | None
    best: float | None


class TrainingTrial(tune.Trainable):
    """Drives one Training. The process, its imports and the mapped data survive from trial to trial, nothing else."""

    @override
    def setup(self, config: dict[str, Any]) -> None:
        self._training: Training | None = None
        self._best: float | None = None
        self._begin(config)

    @override
    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._settle()
        self._training = None
        if time.monotonic() - self._began_s > _COLLECT_AFTER_S:
            gc.collect()
        self._begin(new_config)
        return True

    def _begin(self, config: dict[str, Any]) -> None:
        self._hyperparameters = {key: value for key, value in config.items() if key != TICKET}
        self._ticket: Ticket = config[TICKET]
        self._runtime = self._ticket.runtime
        self._checkpoints = Checkpoints(self._runtime.trials_dir / f"{self._ticket.number:04d}")
        self._best_step, self._best = self._ticket.best_step, self._ticket.best
        self._began_s = time.monotonic()
        mark(repr(self))

    def _built(self) -> Training:
        """The training, built when it is first asked for: within a step, whose time `search.epoch_timeout` limits."""
        if self._training is not None:
            return self._training
        seed_everything(self._ticket.seed)
        training = self._ticket.training(self._hyperparameters, self._runtime.context(self._ticket.seed))
        self._go_on(training, done=self._checkpoints.restore(training, upto=self._ticket.done))
        return training

    def _go_on(self, training: Training, *, done: int) -> None:
        self._training, self._done = training, done
        self._epochs: Iterator[dict[str, float]] = epochs(training, last=self._runtime.last_epoch, done=done)

    @override
    def step(self) -> dict[str, Any]:
        try:
            self._built()
            result = next(self._epochs, None)
        except Diverged as error:
            return {STATE: "diverged", ERROR: str(error), "done": True}
        except (MemoryError, torch.OutOfMemoryError) as error:
            self._training, self._epochs = None, iter(())
            return _out_of_memory(error)
        except DiskFullError as error:
            return {HALT: str(error), "done": True}
        try:
            if result is None:
                self._checkpoints.settle()
                return {"done": True}
            self._done = int(result["epoch"])
            self._keep(result.get(self._runtime.metric))
        except DiskFullError as error:  # the epoch is not told, so that it is trained again once there is room
            return {HALT: str(error), "done": True}
        return result

    def _keep(self, value: float | None) -> None:
        """Keep the epoch that was just trained. value: of the metric."""
        numbers = self._runtime.numbers_results
        step = max(self._checkpoints.steps(), default=0) + 1 if numbers else self._done
        sign = 1.0 if self._runtime.mode == "max" else -1.0
        if value is not None and (self._best is None or sign * value > sign * self._best):
            self._best, self._best_step = value, step
        self._checkpoints.write(self._built(), step, done=self._done, best_step=self._best_step)
        if numbers:  # the next number is counted from the files
            self._checkpoints.settle()

    @override
    def cleanup(self) -> None:
        self._settle()

    def _settle(self) -> None:
        """Wait for the last checkpoint of a trial that is over; whoever lacks it trains its epoch again."""
        try:
            self._checkpoints.settle()
        except Exception:  # noqa: BLE001  (no affair of the next trial in this process)
            _log.exception("%s: the last checkpoint could not be written", self)

    # Tune's own checkpoints: only schedulers that pause or clone trials ask for them

    @override
    def save_checkpoint(self, checkpoint_dir: str) -> None:
        save_checkpoint(self._built(), Path(checkpoint_dir) / _TUNES, done=self._done)

    @override
    def load_checkpoint(self, checkpoint_dir: str) -> None:  # type: ignore[override]
        training = self._built()
        self._go_on(training, done=load_checkpoint(training, Path(checkpoint_dir) / _TUNES))

    def __repr__(self) -> str:
        return f"{self._runtime.name}/{self._ticket.number:04d}"


def seed_everything(seed: int) -> None:
    """Seed Python's, numpy's and torch's global generators, so that nothing of an earlier trial survives in them."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  (trainables of others may draw from it)
    torch.manual_seed(seed)


def _resolve_device(device: str) -> str:
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _out_of_memory(error: BaseException) -> dict[str, Any]:
    """What to tell of it, once all that can be is given back: the next trial of this process needs the room."""
    error.with_traceback(None)  # its frames hold what the training held
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return {STATE: "out_of_memory", ERROR: str(error).partition("\n")[0], "done": True}
