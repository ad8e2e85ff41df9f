"""Records read back from MLflow. Nothing here writes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Run
from numpy.typing import NDArray

from results.history import read_history
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord
from results.store import artifacts, codec
from results.store.finish import HISTORY
from results.store.names import original_key, quoted

_PAGE = 1000
ARRAYS = "best/best.npz"


class TrialPage(NamedTuple):
    """All that the store knows of one trial. files: paths of its artifacts."""

    trial: TrialRecord
    search: SearchRecord
    run_id: str
    experiment_id: str
    files: tuple[str, ...]


def studies(client: MlflowClient) -> list[StudyRecord]:
    """Every study, the oldest first."""
    experiments = [str(found.experiment_id) for found in client.search_experiments()]
    return [codec.to_study(run, _study_file(client, run)) for run in _runs(client, experiments, "study")]


def searches(client: MlflowClient, study_id: str) -> list[SearchRecord]:
    """The searches of a study in the order of their start."""
    return [codec.to_search(run) for run in search_runs(client, study_id)]


def search_runs(client: MlflowClient, study_id: str) -> list[Run]:
    """The runs of a study's searches in the order of their start."""
    experiment = experiment_of(client, study_id)
    if experiment is None:
        return []
    runs = _runs(client, [experiment], "search", ("study_id", study_id))
    return sorted(runs, key=lambda run: (run.info.start_time, run.data.tags["tuner.search"]))


def experiment_of(client: MlflowClient, study_id: str) -> str | None:
    """The experiment that holds a study; None if there is no such study."""
    run = _one(client, "study", study_id)
    return None if run is None else str(run.info.experiment_id)


def run_of(client: MlflowClient, kind: str, identity: str) -> str | None:
    """The run of a study, search, trial or final run by its id; None if there is none."""
    run = _one(client, kind, identity)
    return None if run is None else str(run.info.run_id)


def trials(client: MlflowClient, search_id: str, *, results: bool) -> list[TrialRecord]:
    """The trials of a search by number; with all results, or only the best one of each.

    An ended search has its results in one file, exact to the last bit. Of a running one, or where the file was lost,
    they are asked for metric by metric; a running trial has no best result yet and always brings all that it has.
    """
    run = _one(client, "search", search_id)
    return [] if run is None else _trials(client, run, results=results)


def outcomes(client: MlflowClient, study_id: str, *, results: bool = False) -> list[SearchOutcome]:
    """The searches of a study with what came out of them; of their trials all results, or only the best one of each."""
    return [
        SearchOutcome(
            search=codec.to_search(run),
            trials=_trials(client, run, results=results),
            test_metrics=codec.from_json_tags(run.data.tags, "tuner.test"),
            finals=_finals(client, run),
            model=run.data.tags.get("tuner.model"),
            run_id=str(run.info.run_id),
        )
        for run in search_runs(client, study_id)
    ]


def arrays(client: MlflowClient, search_run: str) -> dict[str, NDArray[Any]]:
    """The arrays that were kept of a search's best trial, read without unpickling; empty if there are none."""
    packed = packed_arrays(client, search_run)
    if packed is None:
        return {}
    with np.load(io.BytesIO(packed), allow_pickle=False) as kept:
        return dict(kept)


def packed_arrays(client: MlflowClient, search_run: str) -> bytes | None:
    """The same as the bytes of an .npz file; None if there are none."""
    with artifacts.fetched(client, client.get_run(search_run), ARRAYS) as path:
        return None if path is None else path.read_bytes()


def trial_page(client: MlflowClient, trial_id: str) -> TrialPage | None:
    """One trial with its search, every result and its files; None if there is no such trial."""
    run = _one(client, "trial", trial_id)
    if run is None:
        return None
    search = _one(client, "search", run.data.tags["tuner.search_id"])
    if search is None:
        raise ValueError(f"trial {trial_id} belongs to search {run.data.tags['tuner.search_id']}, which is gone")
    return TrialPage(
        trial=codec.to_trial(run, _results(client, run)),
        search=codec.to_search(search),
        run_id=str(run.info.run_id),
        experiment_id=str(run.info.experiment_id),
        files=tuple(artifacts.names_of(client, run)),
    )


def _trials(client: MlflowClient, search: Run, *, results: bool) -> list[TrialRecord]:
    tags = search.data.tags
    if results and tags["tuner.state"] in ("complete", "failed"):
        with artifacts.fetched(client, search, HISTORY) as path:
            if path is not None:
                return read_history(path)[1]
    runs = _runs(client, [search.info.experiment_id], "trial", ("search_id", tags["tuner.search_id"]))
    found = []
    for run in runs:
        best = () if results else codec.best_result_of(run)
        found.append(codec.to_trial(run, best or _results(client, run)))
    return sorted(found, key=lambda trial: trial.number)


def _finals(client: MlflowClient, search: Run) -> list[TrialRecord]:
    """The final runs that the search names, by number; an earlier winner's are left where they are."""
    named = codec.from_json_tags(search.data.tags, "tuner.finals").get("ids", [])
    if not named:
        return []
    tags = search.data.tags
    runs = _runs(client, [search.info.experiment_id], "final", ("search_id", tags["tuner.search_id"]))
    found = [codec.to_trial(run, _results(client, run)) for run in runs if run.data.tags["tuner.final_id"] in named]
    return sorted(found, key=lambda final: final.number)


def _results(client: MlflowClient, run: Run) -> list[ResultRecord]:
    """Every result of a trial, one request a metric; infinite values restored from the tags."""
    steps: dict[int, tuple[int, dict[str, float]]] = {}
    for key in run.data.metrics:
        if key.startswith(codec.BEST):
            continue
        for metric in client.get_metric_history(run.info.run_id, key):
            _, metrics = steps.setdefault(metric.step, (metric.timestamp, {}))
            metrics[original_key(key)] = metric.value
    for step, (_, metrics) in steps.items():
        infinite = run.data.tags.get(f"{codec.NOT_FINITE}.{step}")
        if infinite is not None:
            metrics.update(json.loads(infinite))
    return [ResultRecord(step=step, at_ms=at_ms, metrics=metrics) for step, (at_ms, metrics) in sorted(steps.items())]


def _one(client: MlflowClient, kind: str, identity: str) -> Run | None:
    experiments = [str(found.experiment_id) for found in client.search_experiments()]
    return next(_runs(client, experiments, kind, (f"{kind}_id", identity)), None)


def _runs(
    client: MlflowClient, experiments: Sequence[str], kind: str, where: tuple[str, str] | None = None
) -> Iterator[Run]:
    """The runs of a kind with a tag `tuner.<name>` of a value, the oldest first, page by page."""
    query = f"tags.`tuner.kind` = {quoted(kind)}"
    if where is not None:
        query += f" and tags.`tuner.{where[0]}` = {quoted(where[1])}"
    token = None
    while True:
        page = client.search_runs(
            list(experiments),
            query,
            max_results=_PAGE,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def _study_file(client: MlflowClient, run: Run) -> str:
    """The study file's text; empty if its run was cut before that was logged."""
    with artifacts.fetched(client, run, "study.yaml") as path:
        return "" if path is None else path.read_text(encoding="utf-8")
