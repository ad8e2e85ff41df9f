"""Runs that are found before they are created, written in the fewest calls, and closed or marked as cut."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException

from results.records import TrialState
from results.store.codec import as_params
from results.store.names import legal_key, quoted

_MAX_METRICS = 1000  # of one batch, with parameters and tags together
_MAX_PARAMS = 100
_MAX_TAGS = 100


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """A run to be: `kind` and `identity` are unique in a store and found again by the tag `tuner.<kind>_id`."""

    kind: str
    identity: str
    name: str
    started_at_ms: int
    tags: Mapping[str, str]
    params: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None


class Runs:
    """The runs of one client, with the ids this process knows and those it has begun and not ended."""

    def __init__(self, client: MlflowClient, artifact_root: Path | None) -> None:
        self.client = client
        self._artifact_root = artifact_root
        self._ids: dict[tuple[str, str], str] = {}
        self._experiments: dict[str, str] = {}
        self._open: dict[str, None] = {}  # ordered
        self._doubtful: dict[tuple[str, str], str] = {}  # (kind, identity) to the experiment: may have been made twice

    def experiment(self, name: str) -> str:
        """The id of the experiment of this name, created if there is none. Raises ValueError if it was deleted."""
        for _ in range(2):  # a second process may create it between the look and the creation
            found = self.client.get_experiment_by_name(name)
            if found is not None:
                if found.lifecycle_stage != "active":
                    raise ValueError(
                        f"experiment {name} was deleted in MLflow: restore it there, or give the study another name"
                    )
                return str(found.experiment_id)
            root = self._artifact_root
            location = (root / legal_key(name)).as_uri() if root is not None else None
            try:
                return str(self.client.create_experiment(name, artifact_location=location))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
        raise RuntimeError(f"experiment {name} can neither be found nor created")

    def experiment_of(self, run: str) -> str:
        """The experiment that a run belongs to."""
        if run not in self._experiments:
            self._experiments[run] = str(self.client.get_run(run).info.experiment_id)
        return self._experiments[run]

    def begin(self, experiment: str, spec: RunSpec, *, new: bool = False) -> str:
        """The id of the run of `spec`, found by its tag or created; `new` saves the look-up.

        A creation whose answer never came may have happened, or may yet: such a run is looked for, and `settle` looks
        once more. A run that is found gets the tags anew, those parameters that it lacks (MLflow's never change: a
        raised budget shows in the tags), and is reopened when `tuner.state` is running.
        """
        known = self._ids.get((spec.kind, spec.identity))
        found = self.client.get_run(known) if known is not None else None
        if found is None and (not new or (spec.kind, spec.identity) in self._doubtful):
            found = self._find(experiment, spec.kind, spec.identity)
            if found is None:
                self._doubtful[spec.kind, spec.identity] = experiment
        if found is None:
            return self._create(experiment, spec)
        run = str(found.info.run_id)
        self._remember(spec, run, experiment)
        lacking = {name: value for name, value in spec.params.items() if legal_key(name) not in found.data.params}
        self.send(run, params=as_params(lacking), tags=as_tags(spec.tags))
        if spec.tags["tuner.state"] == TrialState.RUNNING and found.info.status != "RUNNING":
            self.client.update_run(run, status="RUNNING")
        return run

    def send(
        self,
        run: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        """Log everything in one batch, or in as many as MLflow's limits ask for. Nothing to send costs nothing."""
        while metrics or params or tags:
            some_params, some_tags = params[:_MAX_PARAMS], tags[:_MAX_TAGS]
            room = _MAX_METRICS - len(some_params) - len(some_tags)
            self.client.log_batch(run, metrics[:room], some_params, some_tags)
            metrics, params, tags = metrics[room:], params[_MAX_PARAMS:], tags[_MAX_TAGS:]

    def end(self, run: str, status: str, ended_at_ms: int | None) -> None:
        """Close a run; `ended_at_ms` None is now."""
        ended = ended_at_ms if ended_at_ms is not None else int(time.time() * 1000)
        self.client.set_terminated(run, status, ended)
        self._open.pop(run, None)

    def settle(self) -> None:
        """Look again for runs that may have been made twice, and keep one of each.

        A server that was stopped and goes on creates what it was asked for by requests that were given up meanwhile.
        """
        for (kind, identity), experiment in list(self._doubtful.items()):
            self._find(experiment, kind, identity)
            del self._doubtful[kind, identity]

    def interrupt(self) -> None:
        """Mark all that was begun here and not ended as interrupted, innermost first."""
        self.settle()
        for run in reversed(list(self._open)):
            self.client.set_tag(run, "tuner.state", str(TrialState.INTERRUPTED))
            self.end(run, "KILLED", None)

    def _create(self, experiment: str, spec: RunSpec) -> str:
        tags = {"mlflow.source.name": "tuner", "mlflow.source.type": "LOCAL", **spec.tags}
        if spec.parent is not None:
            tags["mlflow.parentRunId"] = spec.parent
        try:
            created = self.client.create_run(experiment, start_time=spec.started_at_ms, tags=tags, run_name=spec.name)
        except Exception:
            self._doubtful[spec.kind, spec.identity] = experiment
            raise
        run = str(created.info.run_id)
        self._remember(spec, run, experiment)
        self.send(run, params=as_params(spec.params))
        return run

    def _find(self, experiment: str, kind: str, identity: str) -> Run | None:
        """The run of this identity: the one that is known, or the oldest. Any other of them is deleted."""
        runs = self.client.search_runs(
            [experiment],
            f"tags.`tuner.{kind}_id` = {quoted(identity)} and tags.`tuner.kind` = {quoted(kind)}",
            run_view_type=ViewType.ACTIVE_ONLY,
            order_by=["attributes.start_time ASC"],
        )
        known = self._ids.get((kind, identity))
        kept = next((run for run in runs if run.info.run_id == known), runs[0] if runs else None)
        for run in runs:
            if run is not kept:
                self.client.delete_run(run.info.run_id)
        return kept

    def _remember(self, spec: RunSpec, run: str, experiment: str) -> None:
        self._ids[spec.kind, spec.identity] = run
        self._experiments[run] = experiment
        if spec.tags["tuner.state"] == TrialState.RUNNING:
            self._open[run] = None


def as_tags(tags: Mapping[str, str]) -> list[RunTag]:
    """A mapping as MLflow's tags."""
    return [RunTag(key, value) for key, value in tags.items()]
