"""Plan -> cluster -> dispatch -> store: runs a study, or what is left of it. Light to import; the work imports Ray."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from cluster.connect import Cluster, prepare_environment
from results.records import SearchOutcome, TrialRecord
from tuner.home import Home
from tuner.outbox import readdress, waiting
from tuner.plan import Plan, plan_study
from tuner.study import Study
from tuner.study_folder import claim


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where to look while a study runs. dashboard: Ray's, None if it has none; login: how to pass its token."""

    dashboard: str | None
    login: str
    tracking: str


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """What one search came to. ended_by: what ended it before its last trial, None if it used its budget.

    error: why it could not go on, None if it could.
    """

    outcome: SearchOutcome
    ended_by: str | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it has a best trial."""
        return self.error is None and self.outcome.best_trial is not None


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run of a study came to. ran: whether anything was left to do. undelivered: what the store refused."""

    study_id: str
    searches: Sequence[SearchResult]
    tracking_uri: str
    ran: bool
    elapsed_s: float
    undelivered: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every search has a best trial and every record is in the store."""
        return self.undelivered is None and all(search.ok for search in self.searches)


class Progress(Protocol):
    """Sees a run from its start to its end; called from several threads."""

    def started(self, plan: Plan, links: Links) -> None:
        """The cluster is up and dispatching begins."""
        ...

    def resumed(self, search: str, trials: Sequence[TrialRecord], *, over: bool) -> None:
        """Trials of a search that an earlier run left behind, before any event of this one. over: it was done then."""
        ...

    def event(self, search: str, event: Mapping[str, Any]) -> None:
        """Something happened in a search: an event of its ledger."""
        ...

    def search_done(self, search: str, result: SearchResult) -> None:
        """A search is over and recorded."""
        ...


class NoProgress:
    """Shows nothing."""

    def started(self, plan: Plan, links: Links) -> None:
        """Ignored."""

    def resumed(self, search: str, trials: Sequence[TrialRecord], *, over: bool) -> None:
        """Ignored."""

    def event(self, search: str, event: Mapping[str, Any]) -> None:
        """Ignored."""

    def search_done(self, search: str, result: SearchResult) -> None:
        """Ignored."""


def run(
    study: Study,
    *,
    only: Mapping[str, Sequence[Any]] | None = None,
    home: Path | str = "runs",
    data_dir: Path | str | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
    cluster: Cluster | None = None,
) -> RunResult:
    """Run a study, or go on where it stopped; a finished one is left as it is (`RunResult.ran` is False).

    only: values of grid factors to pick. home: where everything is written. data_dir: raw data sets in torchvision's
    layout, `<home>/raw` by default. fresh: start anew and keep the old runs. cluster: one that the caller has started
    and keeps (`cluster.connect.start`), instead of the one that the study names.
    Raises InputError before anything starts, RunError if another process runs the study, Interrupted after a signal.
    """
    from tuner.outcomes import finished_result

    began_s = time.monotonic()
    plan, house = plan_study(study, only=only), Home(Path(home).absolute())
    tracking_uri = study.tracking.uri or house.tracking_uri
    with claim(house, study, fresh=fresh) as folder:
        readdress(folder, tracking_uri, None if study.tracking.uri else house.artifacts)
        done = {search.key: finished_result(folder, search) for search in plan.searches}
        left = [search for search in plan.searches if done[search.key] is None]
        result = RunResult(
            study_id=folder.study_id,
            searches=[found for found in done.values() if found is not None],
            tracking_uri=tracking_uri,
            ran=bool(left),
            elapsed_s=0.0,
        )
        if left:
            if study.cluster == "local" and cluster is None:
                prepare_environment(house.root)  # before anything imports ray
            from tuner.execution import Execution

            raw = Path(data_dir).absolute() if data_dir is not None else house.root / "raw"
            execution = Execution(
                plan, folder, home=house, data_dir=raw, progress=progress or NoProgress(), cluster=cluster
            )
            result = execution.run(left, before=result)
        elif waiting(folder):
            from tuner.sync import deliver

            synced = deliver(house, folder)
            result = replace(result, undelivered=synced.undelivered)
    return replace(result, elapsed_s=time.monotonic() - began_s)
