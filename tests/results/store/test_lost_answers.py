"""A run is created and the answer is lost, or it is created late: in the end there is one run of each identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from results.store import Store

STUDY = StudyRecord(
    study_id="s", name="s", metric="val/loss", mode="min", source="", fingerprint="f", started_at_ms=1_000
)
SEARCH = SearchRecord(search_id="s/all", key="all", cell={}, metric="val/loss", mode="min", started_at_ms=1_000)
TRIAL = TrialRecord(
    trial_id="s/all/0000",
    number=0,
    config={"lr": 0.1},
    seed=1,
    state=TrialState.COMPLETE,
    started_at_ms=2_000,
    ended_at_ms=3_000,
    results=(ResultRecord(step=1, at_ms=2_500, metrics={"val/loss": 0.5}),),
)


@pytest.mark.parametrize("answer", ["lost", "late"])
def test_a_creation_without_an_answer_leaves_one_run(
    answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: MLflow's own client. `lost`: it happened. `late`: it happens after the second attempt."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    store = Store(uri)
    search = store.begin_search(store.begin_study(STUDY), SEARCH)
    create, asked = MlflowClient.create_run, []

    def unanswered(client: MlflowClient, *arguments: Any, **options: Any) -> Any:
        asked.append((arguments, options))
        if answer == "lost":
            create(client, *arguments, **options)
        raise ConnectionError("no answer")

    monkeypatch.setattr(MlflowClient, "create_run", unanswered)
    with pytest.raises(ConnectionError):
        store.write_trial(search, SEARCH, TRIAL, new=True)
    monkeypatch.setattr(MlflowClient, "create_run", create)
    kept = store.write_trial(search, SEARCH, TRIAL, new=True)
    if answer == "late":
        ((arguments, options),) = asked
        create(MlflowClient(uri), *arguments, **options)
    store.end_search(search, SEARCH, [TRIAL], test_metrics={})
    client = MlflowClient(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    (found,) = client.search_runs(experiments, "tags.`tuner.kind` = 'trial'")
    assert found.info.run_id == kept
    assert found.data.metrics["val/loss"] == 0.5
    assert found.info.status == "FINISHED"
