"""The store with a real MLflow on SQLite, read back with MlflowClient, which is the oracle throughout."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import replace

import pytest
from mlflow import MlflowClient

from results.records import ResultRecord, TrialRecord, TrialState
from results.store import Store
from results.tables import best_models

from .recorded import SEARCH, STUDY, trial

TRIALS = [
    trial(0, TrialState.COMPLETE),
    trial(1, TrialState.STOPPED, (0.3,), stopped_by="asha"),
    trial(2, TrialState.DIVERGED, (math.nan, math.inf), error="train/loss is nan at epoch 3"),
    trial(3, TrialState.OUT_OF_MEMORY, ()),
    trial(4, TrialState.CRASHED, (0.95,), error="Traceback\n" + "x" * 9_000 + "\nValueError: boom"),
]


def send(store: Store, *, live: bool = True) -> tuple[str, str, list[str]]:
    study = store.begin_study(STUDY)
    search = store.begin_search(study, SEARCH)
    runs = []
    for record in TRIALS:
        if live:
            run = store.begin_trial(search, SEARCH, replace(record, state=TrialState.RUNNING, results=()))
            store.log_results(run, record.results)
            store.end_trial(run, SEARCH, record)
        else:
            run = store.write_trial(search, SEARCH, record)
        runs.append(run)
    store.end_search(search, SEARCH, TRIALS, test_metrics={"test/accuracy": 0.88})
    store.end_study(study, STUDY, best_models(store.outcomes("digits")))
    return study, search, runs


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def uri(home):
    return f"sqlite:///{home}/mlflow.db"


@pytest.fixture(scope="module")
def sent(uri):
    """Everything sent by one process, then all of it again, in the other way, by a second one."""
    first = send(Store(uri))
    second = send(Store(uri), live=False)
    third = send(Store(uri))
    assert first == second == third
    return first


@pytest.fixture(scope="module")
def client(uri, sent):
    return MlflowClient(uri)


def test_every_run_exists_once_and_lies_under_its_parent(client, sent):
    study, search, runs = sent
    experiment = client.get_experiment_by_name("digits")
    found = {run.info.run_id: run for run in client.search_runs([experiment.experiment_id])}
    assert set(found) == {study, search, *runs}
    assert "mlflow.parentRunId" not in found[study].data.tags
    assert found[search].data.tags["mlflow.parentRunId"] == study
    assert {found[run].data.tags["mlflow.parentRunId"] for run in runs} == {search}
    assert experiment.artifact_location.endswith("/artifacts/digits")


def test_parameters_are_the_cell_and_the_configuration(client, sent):
    assert client.get_run(sent[2][0]).data.params == {
        "loss": "cosine",
        "lr": "0.001",
        "embedding_dim": "64",
        "flip": "False",
    }


def test_a_step_is_kept_once_however_often_it_is_sent(client, sent):
    for run, record in zip(sent[2], TRIALS, strict=True):
        for metric in ("val/accuracy", "train/loss"):
            history = client.get_metric_history(run, metric) if record.results else []
            assert [(row.step, row.timestamp) for row in history] == [(r.step, r.at_ms) for r in record.results]


def test_best_is_the_best_step_not_the_last(client, sent):
    metrics = client.get_run(sent[2][0]).data.metrics
    assert metrics["val/accuracy"] == 0.7
    assert (metrics["best/val/accuracy"], metrics["best/step"], metrics["best/train/loss"]) == (0.9, 2, 0.5)


def test_states_are_told_apart(client, sent):
    found = [client.get_run(run) for run in sent[2]]
    assert [run.info.status for run in found] == ["FINISHED", "KILLED", "FAILED", "FAILED", "FAILED"]
    assert [run.data.tags["tuner.state"] for run in found] == [str(record.state) for record in TRIALS]
    assert found[1].data.tags["tuner.stopped_by"] == "asha"
    assert found[4].data.tags["tuner.error"].endswith("ValueError: boom")
    assert [(run.info.start_time, run.info.end_time) for run in found] == [(2_000, 3_000)] * 5


def test_an_infinite_value_is_nan_in_mlflow_and_comes_back_infinite(client, sent, uri):
    rows = client.get_metric_history(sent[2][2], "val/accuracy")
    assert [math.isnan(row.value) for row in rows] == [True, True]
    page = Store(uri).trial("digits/cosine/0002")
    values = [result.metrics["val/accuracy"] for result in page.trial.results]
    assert math.isnan(values[0])
    assert values[1] == math.inf


def test_the_search_tells_its_best_trial_its_test_and_its_counts(client, sent):
    run = client.get_run(sent[1])
    assert run.info.status == "FINISHED"
    assert run.data.tags["tuner.best_trial"] == "digits/cosine/0000"  # 0004 was better, but crashed
    assert run.data.metrics["best/val/accuracy"] == 0.9
    assert run.data.metrics["test/accuracy"] == 0.88
    assert run.data.tags["tuner.states"] == "complete=1, crashed=1, diverged=1, out_of_memory=1, stopped=1"
    assert [entry.path for entry in client.list_artifacts(sent[1])] == ["history.parquet"]


def test_the_study_keeps_its_file_its_table_and_its_view(client, sent, uri):
    study = client.get_run(sent[0])
    files = {entry.path for entry in client.list_artifacts(sent[0])}
    assert files == {"study.yaml", "best_models.json", "best_models.csv", "best_models.md"}
    assert "| cosine | cosine | 0.9 | 2 |" in study.data.tags["mlflow.note.content"]
    link = Store(uri).study_link("http://127.0.0.1:5000/", "digits")
    assert link == (
        f"http://127.0.0.1:5000/#/experiments/{study.info.experiment_id}/runs"
        "?workflowType=machine_learning&viewStateShareKey=digits-trials"
    )
    tags = client.get_experiment(study.info.experiment_id).tags
    views = {kind: json.loads(tags[f"mlflow.sharedViewState.digits-{kind}"]) for kind in ("trials", "searches", "tree")}
    assert views["trials"]["name"] == "digits: trials"
    trials = json.loads(views["trials"]["state"])
    assert trials["orderByKey"] == "metrics.`best/val/accuracy`"
    assert trials["orderByAsc"] is False
    assert "params.`lr`" in trials["selectedColumns"]
    shown = client.search_runs([study.info.experiment_id], trials["searchFilter"])
    assert {run.info.run_id for run in shown} == set(sent[2])
    assert "metrics.`test/accuracy`" in json.loads(views["searches"]["state"])["selectedColumns"]
    assert "searchFilter" not in json.loads(views["tree"]["state"])  # with one, the UI draws no tree


def test_records_come_back(sent, uri):
    store = Store(uri)
    assert store.studies() == [STUDY]
    assert store.searches("digits") == [SEARCH]
    assert store.searches("other") == []
    assert [replace(record, results=()) for record in store.trials(SEARCH.search_id)] == [
        replace(record, results=(), error=record.error if number != 4 else store_error(store))
        for number, record in enumerate(TRIALS)
    ]
    assert repr(store.trials(SEARCH.search_id, results=True)) == repr(TRIALS)  # repr: NaN equals itself there


def store_error(store: Store) -> str:
    error = store.trial("digits/cosine/0004").trial.error
    assert len(error) <= 4_000
    return error


def test_outcomes_carry_the_best_results_alone(sent, uri):
    (outcome,) = Store(uri).outcomes("digits")
    assert outcome.search == SEARCH
    assert outcome.run_id == sent[1]
    assert outcome.test_metrics == {"test/accuracy": 0.88}
    assert [result.step for result in outcome.trials[0].results] == [2]
    assert outcome.best_trial.trial_id == "digits/cosine/0000"


def test_the_sqlite_file_is_in_wal_mode(sent, home):
    connection = sqlite3.connect(home / "mlflow.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_relative_store_is_refused():
    with pytest.raises(ValueError, match="must be an absolute path"):
        Store("sqlite:///mlflow.db")


def test_foreign_names_and_many_values_come_back(sent, uri):
    study = replace(STUDY, study_id="digits#4")
    search = replace(SEARCH, search_id="digits#4/all", key="all")
    metrics = {"val/accuracy": 0.5, "a[0]@b": 1.0, "a//b": 2.0, "größe": 3.0} | {
        f"m{i}": i for i in range(600)
    }  # twice, with best/: over one batch
    record = TrialRecord(
        trial_id="digits#4/all/0000",
        number=0,
        config={f"p[{i}]": i for i in range(150)} | {"long": "x" * 9_000, "none": None, "layers": [1, 2]},
        seed=0,
        state=TrialState.COMPLETE,
        started_at_ms=1,
        ended_at_ms=2,
        results=(ResultRecord(step=1, at_ms=1, metrics=metrics),),
    )
    store = Store(uri)
    store.write_trial(store.begin_search(store.begin_study(study), search), search, record)
    page = Store(uri).trial("digits#4/all/0000")
    assert page.trial == record
