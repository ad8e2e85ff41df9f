"""One run of a study: claim its folder, start the cluster, run its searches side by side, record, say what came out."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from cluster.connect import (
    Cluster,
    ClusterError,
    ClusterSpec,
    Demand,
    resolve_demand,
    start,
)
from disk import DiskFullError
from results.records import SearchOutcome, SearchRecord, StudyRecord
from results.redaction import redacted
from tuner.dispatch.recorder import Recorder
from tuner.dispatch.resolve import TrainableError, resolve
from tuner.dispatch.workers import environment, modules
from tuner.errors import ClusterLost, InputError, Interrupted, Problem, RunError, TunerError
from tuner.fingerprints import study_fingerprint
from tuner.home import Home
from tuner.options.schedulers import PAUSING
from tuner.outbox import Posting, waiting, write_posting
from tuner.plan import Plan, Search
from tuner.provenance import provenance
from tuner.run import Links, Progress, RunResult, SearchResult
from tuner.search_run import Bench, SearchRun
from tuner.signals import stop_signals
from tuner.study_folder import StudyFolder
from tuner.sync import deliver_search, why_not

_LOOK_EVERY_S = 0.2
_LIBRARIES = {"hyperopt": ("hyperopt",), "optuna": ("optuna",)}


class Execution:
    """Runs searches of a study. See `tuner.run.run` for what it is given."""

    def __init__(
        self,
        plan: Plan,
        folder: StudyFolder,
        *,
        home: Home,
        data_dir: Path,
        progress: Progress,
        cluster: Cluster | None = None,
    ) -> None:
        self._plan, self._study, self._folder = plan, plan.study, folder
        self._home, self._data_dir, self._progress, self._given_cluster = home, data_dir, progress, cluster
        self._tracking_uri = plan.study.tracking.uri or home.tracking_uri
        self._stopping = False
        self._runs: list[SearchRun] = []

    def run(self, left: Sequence[Search], *, before: RunResult) -> RunResult:
        """Run the searches that are left; `before` holds those that were done. Raises Interrupted after a signal."""
        try:
            with stop_signals(self._stop) as take_signals:
                return self._run(left, before, take_signals)
        except KeyboardInterrupt:
            if not self._stopping:
                raise
            raise self._interrupted() from None

    def _run(self, left: Sequence[Search], before: RunResult, take_signals: Callable[[], None]) -> RunResult:
        try:
            trainable = resolve(self._plan.searches[0].trainable)
        except TrainableError as error:
            raise InputError([Problem(("trainable",), str(error))]) from error
        if self._study.final is not None and not trainable.tests:
            rule = "needs a trainable of our Training protocol that has a test() method"
            raise InputError([Problem(("final",), rule, self._study.trainable)])
        # Seconds of imports that would otherwise follow each other, while Ray's processes start.
        libraries = ("mlflow", *_LIBRARIES.get(self._study.search.searcher.name, ()))
        threading.Thread(target=_import, args=libraries, name="imports", daemon=True).start()
        with self._cluster() as cluster:
            take_signals()
            demand = self._demand(cluster)
            # One process for each trial at a time, and one that stands by to open a search's test split.
            cluster.warm(self._study.search.max_concurrent + 1, env_vars=environment())
            shown = redacted(self._tracking_uri)
            links = Links(dashboard=cluster.dashboard_url, login=cluster.login_hint(), tracking=shown)
            self._progress.started(self._plan, links)
            for done in before.searches:
                self._progress.resumed(done.outcome.search.key, done.outcome.trials, over=True)
            record = self._study_record()
            posting = Posting(
                record=record,
                tracking_uri=self._tracking_uri,
                artifact_root=None if self._study.tracking.uri else self._home.artifacts,
                searches=tuple(search.key for search in self._plan.searches),
            )
            write_posting(self._folder, posting)
            recorder = Recorder(posting.open_store, record)
            bench = Bench(
                study=self._study,
                folder=self._folder,
                home=self._home,
                data_dir=self._data_dir,
                demand=demand,
                trainable=trainable,
                recorder=recorder,
                lost=cluster.lost,
                progress=self._progress,
                stand_by=lambda: cluster.warm(1, env_vars=environment()),
            )
            try:
                for done in before.searches:
                    deliver_search(self._home, self._folder.search(done.outcome.search.key), recorder)
                self._runs = [SearchRun(bench, search) for search in left]
                if self._stopping:  # between the last look and now
                    self._stop()
                results = self._dispatch(left, cluster)
                if not self._stopping:
                    recorder.end_study(then=lambda: write_posting(self._folder, replace(posting, delivered=True)))
            finally:
                recorder.interrupt()  # a search that could not go on, too
                recorder.close(hurried=lambda: self._stopping)
        undelivered = self._undelivered(recorder, posting)
        if self._stopping:
            raise self._interrupted(undelivered)
        return replace(before, searches=[*before.searches, *map(self._with_model, results)], undelivered=undelivered)

    def _dispatch(self, searches: Sequence[Search], cluster: Cluster) -> list[SearchResult]:
        """Run searches side by side, as many as the study says; the main thread stays free for signals.

        Raises ClusterLost, and leaves the searches' threads to themselves, when the cluster's head ends.
        """
        pool = ThreadPoolExecutor(self._study.search.parallel_searches, thread_name_prefix="search")
        futures = {
            pool.submit(self._run_one, run, search): search for run, search in zip(self._runs, searches, strict=True)
        }
        pending: set[Future[SearchResult | None]] = set(futures)
        try:
            while pending:
                pending = wait(pending, timeout=_LOOK_EVERY_S).not_done
                if pending and (why := cluster.lost()) is not None:
                    self._lose(cluster, why)
        finally:
            pool.shutdown(wait=not pending, cancel_futures=True)
        return [result for future in futures if (result := future.result()) is not None]

    def _lose(self, cluster: Cluster, why: str) -> None:
        """The head has ended: nothing more is told to the ledgers, what is left of the cluster goes."""
        for run in self._runs:
            run.halt(why)
        cluster.abandon()
        raise ClusterLost(f"{why}; study {self._study.name} cannot go on here. Nothing that was recorded is lost")

    def _run_one(self, run: SearchRun, search: Search) -> SearchResult | None:
        try:
            result: SearchResult | None = run.run()
        except Exception as error:  # noqa: BLE001  (one search's failure is a result; the others go on)
            result = SearchResult(
                outcome=SearchOutcome(search=self._bare_record(search), trials=()), error=_words(error)
            )
            run.note_failure(error)
        if result is not None:
            self._progress.search_done(search.key, result)
        return result

    def _with_model(self, result: SearchResult) -> SearchResult:
        """The result with the model that was registered for it meanwhile."""
        model = next((run.model for run in self._runs if run.key == result.outcome.search.key), None)
        return replace(result, outcome=replace(result.outcome, model=model))

    def _stop(self) -> None:
        """Ask all searches to stop; before there are any the start, which may hang in Ray, is cut where it stands."""
        self._stopping = True
        if not self._runs:
            raise KeyboardInterrupt
        for run in self._runs:
            run.interrupt()

    def _interrupted(self, undelivered: str | None = None) -> Interrupted:
        late = f" Not everything reached the store: {undelivered}." if undelivered is not None else ""
        return Interrupted(
            f"study {self._study.name} was interrupted; the same command goes on where it stopped.{late}"
        )

    def _cluster(self) -> AbstractContextManager[Cluster]:
        if self._given_cluster is not None:
            return nullcontext(self._given_cluster)
        try:
            spec = ClusterSpec.parse(self._study.cluster)
            return start(spec, home=self._home.root, preload=modules(self._study.trainable))
        except ClusterError as error:
            raise RunError(str(error)) from error

    def _demand(self, cluster: Cluster) -> Demand:
        """What a trial takes of this cluster. Raises InputError if no node has it."""
        search, nodes = self._plan.searches[0], cluster.nodes()
        asked = search.resources
        demand = Demand(cpu=asked.cpu, gpu=asked.gpu, gpu_if_present=asked.gpu_if_present)
        try:
            demand = resolve_demand(demand, nodes)
        except ClusterError as error:
            raise InputError([Problem(("resources",), str(error))]) from error
        if search.scheduler.name in PAUSING:
            # All trials wait at once in Tune, which runs as many as fit: take as much as lets max_concurrent fit.
            share = sum(node.cpus for node in nodes) / search.max_concurrent
            demand = replace(demand, cpu=max(demand.cpu, min(share, max(node.cpus for node in nodes))))
        return demand

    def _undelivered(self, recorder: Recorder, posting: Posting) -> str | None:
        """What waits on the disk, and why; None if the store has everything."""
        why = why_not(recorder, posting)
        return None if why is None else waiting(self._folder).told(why)

    def _study_record(self) -> StudyRecord:
        search = self._study.search
        return StudyRecord(
            study_id=self._folder.study_id,
            name=self._study.name,
            metric=search.metric,
            mode=search.mode,
            source=self._study.source,
            fingerprint=study_fingerprint(self._study),
            started_at_ms=self._folder.began_at_ms,
            params={"trainable": self._study.trainable, "seed": str(search.seed)},
            tags=provenance(),
        )

    def _bare_record(self, search: Search) -> SearchRecord:
        return SearchRecord(
            search_id=f"{self._study.name}/{search.key}",
            key=search.key,
            cell=search.cell,
            metric=search.metric,
            mode=search.mode,
            started_at_ms=int(time.time() * 1000),
        )


def _words(error: Exception) -> str:
    """An error of ours in its own words, any other with its type."""
    return str(error) if isinstance(error, TunerError | DiskFullError) else f"{type(error).__name__}: {error}"


def _import(*modules: str) -> None:
    for module in modules:
        importlib.import_module(module)
