"""After selection: the best configuration is trained anew on fresh seeds, on training and validation images together.

Each final run is one Ray task with a trial's resources. Its checkpoint and results lie beside each other in a folder of
its own: a run that was cut goes on from there, one that is done is read back.
"""

from __future__ import annotations

import json
import math
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import ray
import torch

from disk import DiskFullError, write_json
from results.records import ResultRecord, TrialRecord, TrialState, trial_from_plain
from trainables.training import Diverged, Testable, Training, epochs, load_checkpoint, save_checkpoint
from tuner.dispatch.deaths import classify, known_error
from tuner.dispatch.search import SearchJob
from tuner.dispatch.tasks import LOOK_EVERY_S, as_task, lost_on_the_way
from tuner.dispatch.trial import Runtime, seed_everything
from tuner.dispatch.watch import FileWatch, silent_for

_RECORD, _CHECKPOINT, _RESULTS = "record.json", "last.pt", "results.json"


@dataclass(frozen=True, kw_only=True)
class FinalTask:
    """One final run. last: epochs to train."""

    training: Any
    config: Mapping[str, Any]
    runtime: Runtime
    record: TrialRecord
    last: int
    folder: Path


def run_finals(
    job: SearchJob,
    best: TrialRecord,
    *,
    last: int,
    interrupted: Callable[[], bool],
    ended: Callable[[TrialRecord], None],
) -> list[TrialRecord] | None:
    """Train what is left of the final runs, side by side as far as the cluster has room; None if it was interrupted.

    last: epochs of each. ended: called with each run that ends here, in the order of their ends.
    Returns the runs by number, each with a result an epoch and the test metrics in the last.
    Raises DiskFullError and, where the cluster is lost, SearchError: the runs that are not over can then go on.
    """
    tasks = [_task(job, best, number, last) for number in range(len(job.search.final_seeds))]
    records = [_read(task.folder) for task in tasks]
    running = _Running(job, [task for task, record in zip(tasks, records, strict=True) if record is None])
    try:
        while running.tasks:
            for task, record in running.over(interrupted):
                records[task.record.number] = record
                write_json(task.folder / _RECORD, asdict(record))
                ended(record)
            if interrupted():
                return None
    finally:
        running.cancel()
    return [record for record in records if record is not None]


class _Running:
    """Final runs on their way, each in a process of the cluster or waiting for one. tasks: by Ray's reference."""

    def __init__(self, job: SearchJob, tasks: Sequence[FinalTask]) -> None:
        self._remote, self._lost = as_task(job.demand, train_final), job.lost
        self.tasks = {self._remote.remote(task): task for task in tasks}
        self._losses = Counter[int]()
        limit_s = math.inf if job.search.epoch_timeout_s is None else job.search.epoch_timeout_s
        self._watch = FileWatch({task.record.number: task.folder / _RESULTS for task in tasks}, limit_s)

    def over(self, interrupted: Callable[[], bool]) -> list[tuple[FinalTask, TrialRecord]]:
        """Wait a moment; the runs that are over, which are waited for no more.

        One whose process died while the run was interrupted goes on when the run does, as does one whose node is lost.
        Raises DiskFullError, and SearchError where the cluster is lost.
        """
        found = []
        for reference in ray.wait(list(self.tasks), timeout=LOOK_EVERY_S)[0]:
            task = self.tasks.pop(reference)
            try:
                found.append((task, ray.get(reference)))
            except ray.exceptions.RayError as error:
                if isinstance(cause := getattr(error, "cause", None), DiskFullError):
                    raise cause from error
                if not interrupted() and not self._begun_again(task, error):
                    state, why = classify(known_error(error))
                    found.append((task, _ended(task.record, state, error=why)))
        return [*found, *self._overdue()]

    def _begun_again(self, task: FinalTask, error: ray.exceptions.RayError) -> bool:
        """Begin it again on another node if its own is lost, not too often; whether that was so."""
        number = task.record.number
        if not lost_on_the_way(error, losses=self._losses[number], cluster_lost=self._lost):
            return False
        self._losses[number] += 1
        self._watch.starts_over(number)
        self.tasks[self._remote.remote(task)] = task
        return True

    def _overdue(self) -> list[tuple[FinalTask, TrialRecord]]:
        late, why = self._watch.overdue(), silent_for(self._watch.limit_s)
        silent = {reference: task for reference, task in self.tasks.items() if task.record.number in late}
        for reference in silent:
            ray.cancel(reference, force=True)
            del self.tasks[reference]
        return [(task, _ended(task.record, TrialState.TIMED_OUT, error=why)) for task in silent.values()]

    def cancel(self) -> None:
        """End those that are left, if any."""
        for reference in self.tasks:
            ray.cancel(reference, force=True)


def final_checkpoint(job: SearchJob, best: TrialRecord, number: int, *, last: int) -> Path:
    """The weights that a final run ended with."""
    return _folder(job, best, number, last) / _CHECKPOINT


def _task(job: SearchJob, best: TrialRecord, number: int, last: int) -> FinalTask:
    folder = _folder(job, best, number, last)
    folder.mkdir(parents=True, exist_ok=True)
    record = TrialRecord(
        trial_id=f"{best.trial_id}@{last}/final-{number:02d}",
        number=number,
        config=dict(best.config),
        seed=job.search.final_seeds[number],
        state=TrialState.RUNNING,
        started_at_ms=int(time.time() * 1000),
    )
    return FinalTask(
        training=job.trainable.target,
        config={**job.search.fixed, **job.search.cell, **best.config},
        runtime=job.runtime,
        record=record,
        last=last,
        folder=folder,
    )


def train_final(task: FinalTask) -> TrialRecord:
    """Train, or go on training, and measure the test split once; in a process of the cluster."""
    results: list[ResultRecord] = []
    task = replace(task, record=replace(task.record, started_at_ms=_now_ms()))
    try:
        (task.folder / _RESULTS).touch()  # a sign of life: it has begun
        seed_everything(task.record.seed)
        training: Training = task.training(task.config, task.runtime.context(task.record.seed, final=True))
        done = _resume(training, task.folder, results)
        for metrics in epochs(training, last=task.last, done=done):
            step = int(metrics["epoch"])
            results.append(ResultRecord(step=step, at_ms=_now_ms(), metrics=metrics))
            write_json(task.folder / _RESULTS, {"results": [asdict(result) for result in results]})
            # Last: what it has done is told already. That of a run that is over cannot be made again: it is flushed.
            save_checkpoint(training, task.folder / _CHECKPOINT, done=step, flushed=step == task.last)
        test = dict(training.test()) if isinstance(training, Testable) else {}
        results[-1] = replace(results[-1], metrics={**results[-1].metrics, **test})
    except DiskFullError:
        raise
    except Diverged as error:
        return _ended(task.record, TrialState.DIVERGED, results, str(error))
    except (MemoryError, torch.OutOfMemoryError) as error:
        return _ended(task.record, TrialState.OUT_OF_MEMORY, results, str(error).partition("\n")[0])
    except Exception:  # noqa: BLE001  (a final run's failure is a result; the others go on)
        return _ended(task.record, TrialState.CRASHED, results, traceback.format_exc())
    return _ended(task.record, TrialState.COMPLETE, results)


def _resume(training: Training, folder: Path, results: list[ResultRecord]) -> int:
    """Load the checkpoint, if there is one that is whole, and the results up to it; returns the epochs done."""
    checkpoint, told = folder / _CHECKPOINT, folder / _RESULTS
    if not (checkpoint.exists() and told.exists()):
        return 0
    earlier = [ResultRecord(**result) for result in json.loads(told.read_text(encoding="utf-8"))["results"]]
    try:
        done = load_checkpoint(training, checkpoint)
    except ValueError:  # torn by a power cut
        return 0
    results += [result for result in earlier if result.step <= done]
    return done


def _read(folder: Path) -> TrialRecord | None:
    path = folder / _RECORD
    if not path.exists():
        return None
    return trial_from_plain(json.loads(path.read_text(encoding="utf-8")))


def _ended(
    record: TrialRecord, state: TrialState, results: Sequence[ResultRecord] = (), error: str | None = None
) -> TrialRecord:
    return replace(record, state=state, ended_at_ms=_now_ms(), results=tuple(results), error=error)


def _folder(job: SearchJob, best: TrialRecord, number: int, last: int) -> Path:
    """A folder for each winner: a search that goes on may come to have another."""
    return job.folder / "final" / f"{best.number:04d}@{last}" / f"{number:02d}"


def _now_ms() -> int:
    return int(time.time() * 1000)
