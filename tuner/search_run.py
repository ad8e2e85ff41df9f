"""One search from data to record: prepare, dispatch, pick the best, open the test split once, keep the model."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster.connect import Demand
from disk import write_whole
from results.records import SearchOutcome, SearchRecord, TrialRecord
from tuner.dispatch.closing import Closing, close
from tuner.dispatch.director import Director
from tuner.dispatch.finale import prepare_data
from tuner.dispatch.image import SearchImage
from tuner.dispatch.ledger import Ledger
from tuner.dispatch.recorder import Recorder
from tuner.dispatch.resolve import Resolved
from tuner.dispatch.search import SearchJob, open_director, run_search
from tuner.dispatch.trial import Runtime
from tuner.home import Home
from tuner.outcomes import LEDGER, read_trials, write_done
from tuner.plan import Search
from tuner.run import Progress, SearchResult
from tuner.study import Study
from tuner.study_folder import StudyFolder


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all searches of a run share. stand_by: asks for a process that is ready when the trials are done."""

    study: Study
    folder: StudyFolder
    home: Home
    data_dir: Path
    demand: Demand
    trainable: Resolved
    recorder: Recorder
    progress: Progress
    stand_by: Callable[[], None]


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

    def run(self) -> SearchResult | None:
        """Run what is left of the search; None if it was interrupted."""
        if self._interrupted:
            return None
        job = self._job()
        record = self._record(prepare_data(job))
        director = self._open(job, record)
        self._bench.stand_by()
        run_search(job, director)
        if self._interrupted:
            return None
        outcome = SearchOutcome(search=record, trials=read_trials(job.folder, record.search_id))
        closing = close(job, outcome, interrupted=lambda: self._interrupted, ended=self._final_ended)
        if closing is None:
            return None
        result = SearchResult(outcome=closing.outcome, ended_by=director.ended_by)
        self._hand_over(job, result, closing)
        closing.tidy_up()
        return result

    def note_failure(self, error: Exception) -> None:
        """Keep the traceback of what ended the search beside its ledger."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # a full disk is told all the same
            (self._folder / "error.txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8")

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
            search=search, folder=self._folder, trainable=bench.trainable, runtime=runtime, demand=bench.demand
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
        ledger = Ledger(job.folder / LEDGER)
        self._image = bench.recorder.watch(record, ledger)
        observers = (
            bench.recorder.observe(self._image),
            lambda event: bench.progress.event(self._search.key, event),
        )
        self._director = open_director(job, ledger, observers)
        if self._interrupted:  # between the last look and now
            self._director.interrupt()
        return self._director

    def _final_ended(self, final: TrialRecord) -> None:
        metrics = final.results[-1].metrics if final.results else {}
        event = {"event": "final", "number": final.number, "state": str(final.state), "metrics": dict(metrics)}
        self._bench.progress.event(self._search.key, event)

    def _hand_over(self, job: SearchJob, result: SearchResult, closing: Closing) -> None:
        recorder, image = self._bench.recorder, self._image
        if image is None:
            raise RuntimeError("a search is closed after it was opened")
        files: dict[str, Path] = {"ledger": job.folder / LEDGER}
        best = result.outcome.best_trial
        if closing.arrays:
            files["best"] = job.folder / "best.npz"
            write_whole(files["best"], lambda file: np.savez_compressed(file, **closing.arrays))  # type: ignore[arg-type]
        if best is not None and not job.trainable.own:
            checkpoints = sorted(job.folder.glob(f"tune/{best.number:04d}-*/checkpoint_*"))
            if checkpoints:
                files["checkpoint"] = checkpoints[-1]
        if best is not None and closing.model is not None and self._bench.study.tracking.register_models:
            recorder.model(image, best, closing.model, final=closing.model_of)
        recorder.end_search(
            image,
            outcome=result.outcome,
            files=files,
            then=lambda: write_done(job.folder, self._search, result, model=image.model),
        )


def _written(plugin: Any) -> str:
    options = ", ".join(f"{name}={value}" for name, value in plugin.options.items())
    return f"{plugin.name}({options})" if options else str(plugin.name)
