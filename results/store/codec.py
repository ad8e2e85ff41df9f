"""Records as tags, parameters and metrics of an MLflow run, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlflow.entities import Metric, Param, Run, RunTag

from results.records import (
    ResultRecord,
    SearchRecord,
    StudyRecord,
    TrialRecord,
    TrialState,
)
from results.store.names import legal_key, original_key

MAX_TAG = 8000
MAX_PARAM = 6000
MAX_ERROR = 4000
BEST = "best/"
NOT_FINITE = "tuner.infinite"

# KILLED and FAILED look alike in the UI: the tag tuner.state says which. The same states as mlflow's own storage
# for Optuna uses (pruned -> KILLED, failed -> FAILED).
STATUS = {
    TrialState.RUNNING: "RUNNING",
    TrialState.INTERRUPTED: "KILLED",
    TrialState.COMPLETE: "FINISHED",
    TrialState.STOPPED: "KILLED",
    TrialState.DIVERGED: "FAILED",
    TrialState.OUT_OF_MEMORY: "FAILED",
    TrialState.TIMED_OUT: "FAILED",
    TrialState.CRASHED: "FAILED",
}


def study_tags(record: StudyRecord) -> dict[str, str]:
    """The tags of a study's run."""
    return {
        **_own_tags(record.tags),
        "tuner.kind": "study",
        "tuner.study_id": record.study_id,
        "tuner.study": record.name,
        "tuner.metric": record.metric,
        "tuner.mode": record.mode,
        "tuner.fingerprint": record.fingerprint,
        "tuner.state": "running",
    }


def search_tags(record: SearchRecord, study_id: str) -> dict[str, str]:
    """The tags of a search's run; the cell and the parameters keep their types as JSON."""
    return {
        **_own_tags(record.tags),
        "tuner.kind": "search",
        "tuner.study_id": study_id,
        "tuner.search_id": record.search_id,
        "tuner.search": record.key,
        "tuner.metric": record.metric,
        "tuner.mode": record.mode,
        "tuner.state": "running",
        **json_tags("tuner.cell", record.cell),
        **json_tags("tuner.params", record.params),
        **json_tags("tuner.space", record.space),
    }


def trial_tags(search: SearchRecord, trial: TrialRecord) -> dict[str, str]:
    """The tags of a trial's run: all of its record but the results and the clock."""
    tags = {
        "tuner.kind": "trial",
        "tuner.study_id": search.search_id.removesuffix(f"/{search.key}"),
        "tuner.search_id": search.search_id,
        "tuner.search": search.key,
        "tuner.trial_id": trial.trial_id,
        "tuner.number": str(trial.number),
        "tuner.seed": str(trial.seed),
        "tuner.state": str(trial.state),
        **json_tags("tuner.config", trial.config),
    }
    if trial.stopped_by is not None:
        tags["tuner.stopped_by"] = trial.stopped_by
    if trial.error is not None:
        tags["tuner.error"] = cut(trial.error)
    return tags


def final_tags(search: SearchRecord, final: TrialRecord) -> dict[str, str]:
    """The tags of a final run: a trial's, under a kind and an identity of its own."""
    tags = trial_tags(search, final)
    del tags["tuner.trial_id"]
    return {**tags, "tuner.kind": "final", "tuner.final_id": final.trial_id}


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """A record's free tags with legal keys and lengths."""
    return {legal_key(name): str(value)[:MAX_TAG] for name, value in tags.items()}


def json_tags(name: str, value: Mapping[str, Any]) -> dict[str, str]:
    """`value` as JSON in the tags `name`, `name.1`, `name.2` ...: MLflow silently cuts longer ones."""
    text = json.dumps(dict(value), default=str)
    parts = [text[start : start + MAX_TAG] for start in range(0, len(text), MAX_TAG)]
    return {name if index == 0 else f"{name}.{index}": part for index, part in enumerate(parts)}


def from_json_tags(tags: Mapping[str, str], name: str) -> dict[str, Any]:
    """The mapping that `json_tags` wrote."""
    text, index = tags.get(name, "{}"), 1
    while (part := tags.get(f"{name}.{index}")) is not None:
        text, index = text + part, index + 1
    value = json.loads(text)
    return dict(value)


def cut(error: str) -> str:
    """A long error with its middle left out: the first lines say where, the last lines say what."""
    if len(error) <= MAX_ERROR:
        return error
    return f"{error[: MAX_ERROR // 4]}\n[...]\n{error[-3 * MAX_ERROR // 4 + 7 :]}"


def as_params(values: Mapping[str, Any]) -> list[Param]:
    """Parameters with legal keys; values that MLflow would cut with a warning are cut here and marked."""
    params = []
    for name, value in values.items():
        text = str(value)
        params.append(Param(legal_key(name), text if len(text) <= MAX_PARAM else f"{text[: MAX_PARAM - 5]}[...]"))
    return params


def as_metrics(values: Mapping[str, float], *, step: int, at_ms: int, prefix: str = "") -> list[Metric]:
    """Metrics with legal keys. An infinite value is written as NaN.

    MLflow would store it as 1.797e308, which heads every sorted column and flattens every chart; the sign is kept
    by `infinite_tags`.
    """
    return [
        Metric(
            prefix + legal_key(name),
            float(value) if math.isfinite(value) else math.nan,
            at_ms,
            step,
        )
        for name, value in values.items()
    ]


def infinite_tags(results: Iterable[ResultRecord]) -> list[RunTag]:
    """One tag for each step with infinite values, so that a reader gets them back."""
    tags = []
    for result in results:
        infinite = {name: value for name, value in result.metrics.items() if math.isinf(value)}
        if infinite:
            tags.append(RunTag(f"{NOT_FINITE}.{result.step}", json.dumps(infinite)))
    return tags


def best_metrics(trial: TrialRecord, search: SearchRecord) -> list[Metric]:
    """`best/<metric>` of the trial's best step by the study's selection rule, and `best/step`.

    Written at the trial's last step, so that a trial that goes on later overwrites them.
    """
    best = trial.best(search.metric, search.mode)
    if best is None:
        return []
    last = trial.results[-1]
    values = {**best.metrics, "step": float(best.step)}
    return as_metrics(values, step=last.step, at_ms=last.at_ms, prefix=BEST)


def to_trial(run: Run, results: Sequence[ResultRecord]) -> TrialRecord:
    """A trial's record from its run."""
    tags = run.data.tags
    ended = run.info.end_time
    state = TrialState(tags["tuner.state"])
    return TrialRecord(
        trial_id=tags.get("tuner.trial_id") or tags["tuner.final_id"],
        number=int(tags["tuner.number"]),
        config=from_json_tags(tags, "tuner.config"),
        seed=int(tags["tuner.seed"]),
        state=state,
        started_at_ms=run.info.start_time,
        ended_at_ms=None if state is TrialState.RUNNING else ended,
        stopped_by=tags.get("tuner.stopped_by"),
        error=tags.get("tuner.error"),
        results=tuple(results),
    )


def to_search(run: Run) -> SearchRecord:
    """A search's record from its run."""
    tags = run.data.tags
    return SearchRecord(
        search_id=tags["tuner.search_id"],
        key=tags["tuner.search"],
        cell=from_json_tags(tags, "tuner.cell"),
        metric=tags["tuner.metric"],
        mode="min" if tags["tuner.mode"] == "min" else "max",
        started_at_ms=run.info.start_time,
        params=from_json_tags(tags, "tuner.params"),
        tags=_free_tags(tags),
        space=from_json_tags(tags, "tuner.space"),
    )


def to_study(run: Run, source: str) -> StudyRecord:
    """A study's record from its run and the study file's text."""
    tags = run.data.tags
    return StudyRecord(
        study_id=tags["tuner.study_id"],
        name=tags["tuner.study"],
        metric=tags["tuner.metric"],
        mode="min" if tags["tuner.mode"] == "min" else "max",
        source=source,
        fingerprint=tags["tuner.fingerprint"],
        started_at_ms=run.info.start_time,
        params={original_key(key): value for key, value in run.data.params.items()},
        tags=_free_tags(tags),
    )


def best_result_of(run: Run) -> tuple[ResultRecord, ...]:
    """The one result that a trial's `best/` metrics tell; empty before the trial's end."""
    metrics = {
        original_key(key.removeprefix(BEST)): value for key, value in run.data.metrics.items() if key.startswith(BEST)
    }
    step = metrics.pop("step", None)
    if step is None:
        return ()
    return (ResultRecord(step=int(step), at_ms=run.info.end_time or run.info.start_time, metrics=metrics),)


def _free_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that a record brought along: neither MLflow's nor the store's own."""
    return {original_key(key): value for key, value in tags.items() if not key.startswith(("mlflow.", "tuner."))}
