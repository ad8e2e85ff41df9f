"""Runs one search: a Director over its ledger, and a Tuner that asks it for trials until it has no more."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Before ray.tune is imported: no per-trial CSV, JSON and TensorBoard files beside our records, no tables on stdout.
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")

from ray import tune
from ray.tune import CheckpointConfig, FailureConfig, RunConfig, TuneConfig
from ray.tune.utils.log import Verbosity

from cluster.connect import Demand
from tuner.dispatch.actor_pool import WarmPoolScheduler
from tuner.dispatch.adapters import Forward, ForwardingCallback, ForwardingSearcher, ForwardingStopper
from tuner.dispatch.director import Director, Event
from tuner.dispatch.hush import Hush
from tuner.dispatch.ledger import Ledger
from tuner.dispatch.pausing import PopulationSearch, build_pausing
from tuner.dispatch.resolve import Resolved
from tuner.dispatch.trial import Runtime
from tuner.dispatch.troubles import SearchError
from tuner.options.schedulers import PAUSING
from tuner.plan import Search

# Tune's own console noise: every failure it logs is in the ledger, the store and the table.
_quiet = Hush("ray.tune", "ray.air", "ray._private", level=logging.CRITICAL)
_registry = threading.Lock()  # Tune's is a plain dictionary, shared by all searches of the process


@dataclass(frozen=True, kw_only=True)
class SearchJob:
    """A search with all that running it takes.

    folder: where its ledger, checkpoints and Tune's files lie. lost: why the cluster is no more, None while it is.
    """

    search: Search
    folder: Path
    trainable: Resolved
    runtime: Runtime
    demand: Demand  # resolved against the cluster's nodes
    lost: Callable[[], str | None] = lambda: None


def open_director(job: SearchJob, ledger: Ledger, observers: Sequence[Callable[[Event], None]] = ()) -> Director:
    """The search's Director, brought up to date from its ledger.

    Raises SearchError for a half-done search whose scheduler keeps its state inside Tune: HyperBand and PBT pause and
    clone trials, and Tune does not give that state back.
    """
    if job.search.scheduler.name in PAUSING and any(event["event"] == "suggest" for event in ledger):
        director = Director(job.search, ledger, observers=observers)
        if not director.finished:
            raise SearchError(
                f"search {job.search.key} was interrupted half-way and {job.search.scheduler.name} cannot resume "
                "(its brackets live inside Ray Tune); run with --fresh, which keeps the old trials"
            )
        return director
    return Director(job.search, ledger, observers=observers)


def run_search(job: SearchJob, director: Director) -> None:
    """Dispatch trials until the Director has no more. Raises SearchError where the search cannot go on."""
    going = not director.finished
    while going:
        forward = Forward(director, training=job.trainable.target if job.trainable.own else None, runtime=job.runtime)
        with _quiet:
            try:
                _tuner(job, forward).fit()
            except Exception:
                if director.error is None:
                    raise
            finally:
                forward.close()
        # Tune asks for no more trials once it was told that there are none; one whose node is lost later is waiting.
        going = not director.finished and director.waiting > 0
    director.close_cut_trials()
    with suppress(OSError):  # the director's error then says so
        director.close()
    if director.error is not None:
        raise director.error


def _tuner(job: SearchJob, forward: Forward) -> tune.Tuner:
    pausing = build_pausing(job.search, forward)
    searcher = ForwardingSearcher(forward)
    reuse = job.trainable.may_reuse_actors
    pool = WarmPoolScheduler(size=job.search.max_concurrent if reuse else 0, no_more=lambda: forward.director.finished)
    return tune.Tuner(
        _registered(job),
        tune_config=TuneConfig(
            search_alg=PopulationSearch(searcher) if job.search.scheduler.name == "pbt" else searcher,
            scheduler=pausing or pool,
            num_samples=-1,
            # The Director waits anyway; Tune starts that many processes at once only if it is told here as well.
            # A pausing scheduler needs all its trials from the start; resources bound how many run.
            max_concurrent_trials=job.search.trials if pausing else job.search.max_concurrent,
            reuse_actors=reuse,
            trial_name_creator=lambda trial: f"{forward.numbers[trial.trial_id]:04d}",
            trial_dirname_creator=lambda trial: f"{forward.numbers[trial.trial_id]:04d}-{trial.trial_id}",
        ),
        run_config=RunConfig(
            name="tune",
            storage_path=str(job.folder),
            stop=ForwardingStopper(forward),
            callbacks=[ForwardingCallback(forward, cluster_lost=job.lost)],
            failure_config=FailureConfig(max_failures=0),
            # Tune asks ours for checkpoints only to pause or clone; a clone may still read its donor's last but two.
            checkpoint_config=CheckpointConfig(num_to_keep=4, checkpoint_at_end=False) if job.trainable.own else None,
            verbose=Verbosity.V0_MINIMAL.value,
        ),
    )


def _registered(job: SearchJob) -> str:
    """Register the trainable under the search's own name: `fit` would do it under the class's, from several threads."""
    resources = {"cpu": job.demand.cpu, "gpu": job.demand.gpu}
    with _registry:
        tune.register_trainable(job.runtime.name, tune.with_resources(job.trainable.for_tune, resources))
    return job.runtime.name
