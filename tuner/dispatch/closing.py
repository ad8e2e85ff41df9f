"""The end of a search: what its best trial leaves behind and, if the study asks for them, its final runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from results.records import SearchOutcome, TrialRecord, mean_test_metrics
from tuner.closed import Export
from tuner.dispatch.finale import Part, take_from
from tuner.dispatch.finals import final_checkpoint, run_finals
from tuner.dispatch.keeping import checkpoints_of
from tuner.dispatch.search import SearchJob

if TYPE_CHECKING:
    from trainables.training import ExportedModel

_ALL: frozenset[Part] = frozenset({"test", "arrays", "model"})


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A search with its test metrics and final runs, and what is kept of its winner. Empty parts: not offered.

    model: the best trial's, or with final runs that of `model_of`, the first one that did not fail: all are alike, and
    the test split must not choose among them.
    """

    outcome: SearchOutcome
    folder: Path
    kept_step: int | None
    arrays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    model: ExportedModel | None = None
    model_of: TrialRecord | None = None

    def export(self, job: SearchJob) -> Export | None:
        """How its model is made again; None if it has none."""
        best = self.outcome.best_trial
        if self.model is None or best is None or self.kept_step is None:
            return None
        run = self.model_of or best
        path = _checkpoint(job, best, self.model_of, step=self.kept_step)
        return Export(
            runtime={
                name: str(value) if isinstance(value, Path) else value for name, value in vars(job.runtime).items()
            },
            trainable=job.search.trainable,
            config={**job.search.fixed, **job.search.cell, **run.config},
            seed=run.seed,
            checkpoint=str(path.relative_to(job.folder)),
            best=best.number,
            final=None if self.model_of is None else self.model_of.number,
        )


def close(
    job: SearchJob,
    outcome: SearchOutcome,
    *,
    interrupted: Callable[[], bool],
    ended: Callable[[TrialRecord], None],
) -> Closing | None:
    """Pick the best trial, take from it what is to be kept, train the final runs; None if it was interrupted.

    Without final runs the best checkpoint opens the test split, once; with them each of them does, and it does not.
    Raises TaskInterruptedError where it was interrupted later.
    """
    best = outcome.best_trial
    result = outcome.best_result
    step = None if result is None else result.step
    if best is None or step is None or not job.trainable.own:
        return Closing(outcome=outcome, folder=job.folder, kept_step=step)
    checkpoint = _checkpoint(job, best, None, step=step)
    finals: list[TrialRecord] | None = []
    if job.search.final_seeds:
        finals = run_finals(job, best, last=step, interrupted=interrupted, ended=ended)
    if finals is None:
        return None
    parts: frozenset[Part] = frozenset({"arrays"}) if finals else _ALL
    finale = take_from(job, best, checkpoint, parts=parts, final=False, interrupted=interrupted)
    closing = Closing(
        outcome=replace(outcome, test_metrics=dict(finale.test_metrics), finals=tuple(finals)),
        folder=job.folder,
        kept_step=step,
        arrays=finale.arrays,
        model=finale.model,
    )
    return _with_finals(job, closing, best, last=step, interrupted=interrupted) if finals else closing


def _with_finals(
    job: SearchJob, closing: Closing, best: TrialRecord, *, last: int, interrupted: Callable[[], bool]
) -> Closing:
    """The same, with the final runs' test metrics and the first one's model."""
    outcome = replace(closing.outcome, test_metrics=mean_test_metrics(closing.outcome.finals))
    first = next((final for final in outcome.finals if not final.state.failed), None)
    if first is None:
        return replace(closing, outcome=outcome)
    checkpoint = _checkpoint(job, best, first, step=last)
    finale = take_from(job, first, checkpoint, parts=frozenset({"model"}), final=True, interrupted=interrupted)
    return replace(closing, outcome=outcome, model=finale.model, model_of=first)


def model_again(job: SearchJob, outcome: SearchOutcome, export: Export) -> ExportedModel | None:
    """The model of a search that was closed before, made anew from its checkpoint."""
    best, final = exported_run(outcome, export)
    run = final or best
    checkpoint = job.folder / export.checkpoint
    return take_from(job, run, checkpoint, parts=frozenset({"model"}), final=final is not None).model


def exported_run(outcome: SearchOutcome, export: Export) -> tuple[TrialRecord, TrialRecord | None]:
    """The best trial, and the final run if the model is that one's."""
    best = next(trial for trial in outcome.trials if trial.number == export.best)
    return best, next((final for final in outcome.finals if final.number == export.final), None)


def _checkpoint(job: SearchJob, best: TrialRecord, final: TrialRecord | None, *, step: int) -> Path:
    """Where the weights of the best trial at its best step lie, or those of a final run."""
    if final is None:
        return checkpoints_of(job.folder, best).path(step)
    return final_checkpoint(job, best, final.number, last=step)
