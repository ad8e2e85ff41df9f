"""Runs that were begun and go on in another process; the oracle is MlflowClient throughout."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from mlflow import MlflowClient

from results.records import TrialState
from results.store import Store

from .recorded import SEARCH, STUDY, trial


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('home')}/mlflow.db"


@pytest.fixture(scope="module")
def client(uri):
    Store(uri)  # makes it
    return MlflowClient(uri)


def test_a_search_that_goes_on_overwrites_its_best(client, uri):
    study = replace(STUDY, study_id="digits#2")
    search = replace(SEARCH, search_id="digits#2/cosine")
    store = Store(uri)
    run = store.begin_search(store.begin_study(study), search)
    first = replace(trial(0, TrialState.COMPLETE), trial_id="digits#2/cosine/0000")
    store.write_trial(run, search, first, new=True)
    store.end_search(run, search, [first], test_metrics={})
    raised = replace(search, params={"trials": 2, "seed": 1})
    second = replace(trial(1, TrialState.COMPLETE, (0.95,)), trial_id="digits#2/cosine/0001")
    later = Store(uri)
    assert later.begin_search(later.begin_study(study), raised) == run
    later.write_trial(run, raised, second)
    later.end_search(run, raised, [first, second], test_metrics={})
    found = client.get_run(run).data
    assert found.metrics["best/val/accuracy"] == 0.95
    assert found.metrics["best/step"] == 1
    assert found.tags["tuner.best_trial"] == "digits#2/cosine/0001"
    assert later.searches("digits#2") == [raised]


def test_a_trial_that_was_shown_may_end_with_another_value(client, uri):
    """Oracle: MLflow, which never changes a parameter: the first stays there, the tag that is read tells the last."""
    study = replace(STUDY, study_id="digits#4")
    search = replace(SEARCH, search_id="digits#4/cosine")
    begun = replace(trial(0, TrialState.RUNNING), trial_id="digits#4/cosine/0000", config={"batch_size": 64})
    store = Store(uri)
    search_run = store.begin_search(store.begin_study(study), search, new=True)
    run = store.begin_trial(search_run, search, begun, new=True)
    again = Store(uri)
    search_run = again.begin_search(again.begin_study(study), search)
    ended = replace(begun, state=TrialState.COMPLETE, config={"batch_size": 32})
    assert again.write_trial(search_run, search, ended) == run
    assert client.get_run(run).data.params["batch_size"] == "64"
    assert [read.config for read in again.trials(search.search_id)] == [{"batch_size": 32}]


def test_an_interrupted_run_says_so_and_goes_on(client, uri):
    study = replace(STUDY, study_id="digits#3")
    search = replace(SEARCH, search_id="digits#3/cosine")
    cut = replace(
        trial(0, TrialState.RUNNING, (0.5, 0.9, -math.inf)), trial_id="digits#3/cosine/0000", ended_at_ms=None
    )
    store = Store(uri)
    study_run = store.begin_study(study)
    search_run = store.begin_search(study_run, search, new=True)
    run = store.begin_trial(search_run, search, cut, new=True)
    store.log_results(run, cut.results)
    store.interrupt()
    for each in (study_run, search_run, run):
        assert client.get_run(each).info.status == "KILLED"
        assert client.get_run(each).data.tags["tuner.state"] == "interrupted"
    (read,) = Store(uri).trials(search.search_id)
    assert read.state is TrialState.INTERRUPTED
    assert [result.metrics["val/accuracy"] for result in read.results] == [0.5, 0.9, -math.inf]
    again = Store(uri)
    assert again.begin_trial(again.begin_search(again.begin_study(study), search), search, cut) == run
    assert client.get_run(run).info.status == "RUNNING"
    assert client.get_run(run).data.tags["tuner.state"] == "running"
