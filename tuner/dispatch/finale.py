"""Before and after a search's trials: data is prepared once, and the best checkpoint gives what is to be kept.

Both run as Ray tasks with a trial's resources, because the driver may be a machine without a GPU or the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

import numpy as np
import ray

from disk import means_full
from results.records import TrialRecord
from trainables.training import (
    Exportable,
    ExportedModel,
    Inspectable,
    Testable,
    Training,
    epochs,
    load_checkpoint,
    snapshot,
)
from tuner.dispatch.checkpoints import Checkpoints
from tuner.dispatch.deaths import known_error
from tuner.dispatch.search import SearchJob
from tuner.dispatch.tasks import run_task
from tuner.dispatch.trial import Runtime, seed_everything
from tuner.errors import RunError

Part = Literal["test", "arrays", "model"]


@dataclass(frozen=True, kw_only=True)
class Finale:
    """What the best model of a search leaves behind. Empty parts: its training does not offer them."""

    test_metrics: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    model: ExportedModel | None = None


def prepare_data(job: SearchJob, *, interrupted: Callable[[], bool]) -> str | None:
    """Let the trainable decode its data before any trial starts; returns the data's fingerprint if it tells one.

    Raises TaskInterruptedError.
    """
    prepare = getattr(job.trainable.target, "prepare", None)
    if not job.trainable.own or prepare is None:
        return None
    search = job.search
    config = {**search.fixed, **search.cell, **search.space.sample(Random(search.seed))}  # noqa: S311  (a draw, not a secret)
    fingerprint: str | None = _run(job, interrupted, _prepare, job.trainable.target, config, job.runtime)
    return fingerprint


def take_from(
    job: SearchJob,
    trial: TrialRecord,
    checkpoint: Path,
    *,
    parts: frozenset[Part],
    final: bool,
    interrupted: Callable[[], bool] = lambda: False,
) -> Finale:
    """Rebuild a trial, or a final run, from a checkpoint and take those parts of it that are to be kept.

    The part "test" opens the test split. Raises TaskInterruptedError.
    """
    whole = {**job.search.fixed, **job.search.cell, **trial.config}
    run = (trial.seed, final)
    finale: Finale = _run(job, interrupted, take, job.trainable.target, whole, job.runtime, run, checkpoint, parts)
    return finale


def _run(job: SearchJob, interrupted: Callable[[], bool], function: Any, *arguments: Any) -> Any:
    try:
        return run_task(job, interrupted, function, *arguments)
    except ray.exceptions.RayTaskError as error:
        if means_full(error.cause):
            raise RunError(f"{error.cause}; the same command then goes on") from error
        raise
    except ray.exceptions.OutOfMemoryError as error:
        raise RunError(str(known_error(error))) from error


def _prepare(training: Any, config: Mapping[str, Any], runtime: Runtime) -> Any:
    return training.prepare(config, runtime.context(0))


def take(
    training_class: Any,
    config: Mapping[str, Any],
    runtime: Runtime,
    run: tuple[int, bool],
    checkpoint: Path,
    parts: frozenset[Part],
) -> Finale:
    """Do what `take_from` says, in the process that calls it. config: whole; run: the seed, and whether it is final."""
    seed, final = run
    seed_everything(seed)
    training: Training = training_class(config, runtime.context(seed, final=final))
    _bring_back(training, checkpoint, runtime)
    model = training.export() if "model" in parts and isinstance(training, Exportable) else None
    return Finale(
        test_metrics=training.test() if "test" in parts and isinstance(training, Testable) else {},
        arrays=training.arrays() if "arrays" in parts and isinstance(training, Inspectable) else {},
        model=ExportedModel(model.module.cpu().eval(), model.example.cpu()) if model else None,
    )


def _bring_back(training: Training, checkpoint: Path, runtime: Runtime) -> None:
    """Load a checkpoint; one that is missing or torn is made from the one before it, or anew.

    A trial's process may have been killed before it wrote the file, or the power cut before it was on the disk.
    Where that cannot be it raises FileNotFoundError or BrokenCheckpointError: a final run's, steps that are no epochs.
    """
    step = Checkpoints.step_of(checkpoint)
    if step is None or runtime.numbers_results:
        load_checkpoint(training, checkpoint)
        return
    done = Checkpoints(checkpoint.parent).restore(training, upto=step)
    if done == step:
        return
    for _ in epochs(training, last=step, done=done):
        pass
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    snapshot(training, done=step, of=checkpoint).write(checkpoint, flushed=True)
