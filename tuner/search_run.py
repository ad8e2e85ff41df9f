"""One search from data to record: prepare, dispatch, pick the best, open the test split once, keep the model."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster.connect import Demand
from disk import write_whole
from results.records import SearchOutcome, SearchRecord, TrialRecord
from tuner.closed import Closed, forget_end, read_closed, write_closed
from tuner.dispatch.closing import Closing, close, model_again
from tuner.dispatch.director import Director
from tuner.dispatch.finale import prepare_data
from tuner.dispatch.image import SearchImage
from tuner.dispatch.keeping import Keeper, tidy_up
from tuner.dispatch.ledger import Ledger
from tuner.dispatch.recorder import Recorder
from tuner.dispatch.resolve import Resolved
from tuner.dispatch.search import SearchJob, open_director, run_search
from tuner.dispatch.tasks import TaskInterruptedError
from tuner.dispatch.trial import Runtime
from tuner.handover import hand_over
from tuner.home import Home
from tuner.outbox import LEDGER, write_search
from tuner.outcomes import budget_of, read_trials
from tuner.plan import Search
from tuner.run import Progress, SearchResult
from tuner.study import Study
from tuner.study_folder import ERROR_NOTE, StudyFolder

if TYPE_CHECKING:
    from trainables.training import ExportedModel


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all searches of a run share.

    stand_by: asks for a process that is ready when the trials are done. lost: why the cluster is no more, if it is.
    """

    study: Study
    folder: StudyFolder
    home: Home
    data_dir: Path
    demand: Demand
    trainable: Resolved
    recorder: Recorder
    progress: Progress
    stand_by: Callable[[], None]
    lost: Callable[[], str | None] = lambda: None


class SearchRun:
    """Runs one search; `interrupt` may be called from another thread at any time."""

    def __init__(self, bench: Bench, search: Search) -> None:
        self._bench, self._search, self.key = bench, search, search.key
        self._folder = bench.folder.search(search.key)
        self._director: Director | None = None
        self._interrupted = False
        self._image: SearchImage | None = None

    @property
    def model(self) -> str | None:
        """The registered model as `name/version`, once the recorder has got that far."""
        return self._image.model if self._image is not None else None

    def interrupt(self) -> None:
        """Ask the search to stop; it can be resumed."""
        self._interrupted = True
        if self._director is not None:
            self._director.interrupt()

    def halt(self, why: str) -> None:
        """Stop the search without another word in its ledger: nothing that happens from now on is the trials' doing."""
        self._interrupted = True
        if self._director is not None:
            self._director.halt(why)

    def run(self) -> SearchResult | None:
        """Run what is left of the search; None if it was interrupted."""
        if self._interrupted:
            return None
        try:
            return self._run(self._job())
        except TaskInterruptedError:
            return None

    def _run(self, job: SearchJob) -> SearchResult | None:
        closed = read_closed(self._folder)
        if closed is not None and closed.budget == budget_of(self._search):  # else it goes on
            self._watch(closed.record, Ledger(self._folder / LEDGER))
            return self._hand_over(job, closed)
        record = self._record(prepare_data(job, interrupted=lambda: self._interrupted))
        director = self._open(job, record)
        self._bench.stand_by()
        run_search(job, director)
        if self._interrupted:
            return None
        outcome = SearchOutcome(search=record, trials=read_trials(job.folder, record.search_id))
        closing = close(job, outcome, interrupted=lambda: self._interrupted, ended=self._final_ended)
        if closing is None:
            return None
        closed = self._close(job, closing, ended_by=director.ended_by)
        return self._hand_over(job, closed, model=closing.model)

    def note_failure(self, error: Exception) -> None:
        """Keep the traceback of what ended the search beside its ledger."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # a full disk is told all the same
            (self._folder / ERROR_NOTE).write_text("".join(traceback.format_exception(error)), encoding="utf-8")

    def _job(self) -> SearchJob:
        bench, search = self._bench, self._search
        runtime = Runtime(
            name=f"{bench.folder.study_id}/{search.key}",
            data_dir=bench.data_dir,
            cache_dir=bench.home.prepared,
            trials_dir=self._folder / "trials",
            metric=search.metric,
            mode=search.mode,
            last_epoch=search.budget_max,
            device=bench.study.device,
            precision=bench.study.precision,
            threads=max(1, int(bench.demand.cpu)),
            test_every_epoch=bench.study.protocol.test_every_epoch,
            numbers_results=search.scheduler.name == "pbt",
        )
        return SearchJob(
            search=search,
            folder=self._folder,
            trainable=bench.trainable,
            runtime=runtime,
            demand=bench.demand,
            lost=bench.lost,
        )

    def _record(self, data_fingerprint: str | None) -> SearchRecord:
        search, study_id = self._search, self._bench.folder.study_id
        params = {
            **search.fixed,
            "searcher": _written(search.searcher),
            "scheduler": _written(search.scheduler),
            "stoppers": ", ".join(_written(stopper) for stopper in search.stoppers) or "none",
            "trials": search.trials,
            "budget": f"{search.budget_max} {search.budget_key}",
            "seed": search.seed,
            "resources": f"cpu={self._bench.demand.cpu:g}, gpu={self._bench.demand.gpu:g}",
        }
        return SearchRecord(
            search_id=f"{study_id}/{search.key}",
            key=search.key,
            cell=search.cell,
            metric=search.metric,
            mode=search.mode,
            started_at_ms=int(time.time() * 1000),
            params=params,
            tags={"data.fingerprint": data_fingerprint} if data_fingerprint else {},
            space=search.space.to_spec(),
        )

    def _open(self, job: SearchJob, record: SearchRecord) -> Director:
        bench = self._bench
        forget_end(job.folder)  # of a smaller budget
        ledger = Ledger(job.folder / LEDGER)
        write_search(job.folder, record)
        keeper = Keeper(job.folder, record, keep=bench.study.checkpoints.keep, events=ledger)
        observers = (
            bench.recorder.observe(self._watch(record, ledger)),
            lambda event: bench.progress.event(self._search.key, event),
            *([keeper.observe] if job.trainable.own else []),
        )
        if earlier := read_trials(job.folder, record.search_id):
            bench.progress.resumed(self._search.key, earlier, over=False)
        self._director = open_director(job, ledger, observers)
        if self._interrupted:  # between the last look and now
            self._director.interrupt()
        return self._director

    def _watch(self, record: SearchRecord, ledger: Ledger) -> SearchImage:
        self._image = self._bench.recorder.watch(record, ledger)
        return self._image

    def _final_ended(self, final: TrialRecord) -> None:
        metrics = final.results[-1].metrics if final.results else {}
        event = {"event": "final", "number": final.number, "state": str(final.state), "metrics": dict(metrics)}
        self._bench.progress.event(self._search.key, event)

    def _close(self, job: SearchJob, closing: Closing, *, ended_by: str | None) -> Closed:
        """Put on the disk what the search came to."""
        best = closing.outcome.best_trial
        files = {"ledger": LEDGER}
        if closing.arrays:
            files["best"] = "best.npz"
            write_whole(job.folder / "best.npz", lambda file: np.savez_compressed(file, **closing.arrays))  # type: ignore[arg-type]
        if best is not None and not job.trainable.own:
            checkpoints = job.folder.glob(f"tune/{best.number:04d}-*/checkpoint_*")
            if (newest := _newest(checkpoints)) is not None:
                files["checkpoint"] = str(newest.relative_to(job.folder))
        registers = self._bench.study.tracking.register_models
        closed = Closed(
            budget=budget_of(self._search),
            ended_by=ended_by,
            record=closing.outcome.search,
            test_metrics=closing.outcome.test_metrics,
            finals=tuple(closing.outcome.finals),
            files=files,
            export=closing.export(job) if registers else None,
        )
        write_closed(job.folder, closed)
        return closed

    def _hand_over(self, job: SearchJob, closed: Closed, *, model: ExportedModel | None = None) -> SearchResult:
        """Give the recorder what the store must have of a closed search, and remove what nobody needs any more.

        model: to be registered; None lets it be made again when its turn comes.
        """
        recorder, image, export = self._bench.recorder, self._image, closed.export
        if image is None:
            raise RuntimeError("a search is closed after it was opened")
        # While the store is away models would pile up in memory; the checkpoint gives this one back.
        ready = model if recorder.refusal is None else None

        def make(outcome: SearchOutcome) -> ExportedModel | None:
            return ready or (model_again(job, outcome, export) if export is not None else None)

        registers = self._bench.study.tracking.register_models
        result = hand_over(recorder, image, job.folder, closed, make if registers else None)
        if job.trainable.own:
            tidy_up(job.folder, closed.record, result.outcome.trials, keep=self._bench.study.checkpoints.keep)
        return result


def _newest(checkpoints: Iterable[Path]) -> Path | None:
    """That of the attempt that ended: of one that was cut Tune's folders stay, under a name drawn at random."""
    return max(checkpoints, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)


def _written(plugin: Any) -> str:
    options = ", ".join(f"{name}={value}" for name, value in plugin.options.items())
    return f"{plugin.name}({options})" if options else str(plugin.name)
