"""A study of real images through real Ray into real MLflow, read back with MLflow's own client."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from results.records import best_result
from trainables.data.prepared import load
from tuner import InputError, RunResult
from tuner.run import NoProgress

RunStudy = Callable[..., RunResult]
TEXT = """
    name: whole
    trainable: moving_targets
    grid: {loss: [cosine, cross_entropy]}
    space:
      lr: {loguniform: [1e-3, 1e-2]}
      embedding_dim: {int: [8, 32], when: {loss: cosine}}
    fixed: {dataset: digits, backbone: mlp}
    search:
      {metric: val/accuracy, mode: max, trials: 3, budget: {max: 3}, searcher: hyperopt, scheduler: asha}
    """


@pytest.fixture(scope="module")
def whole(cluster: Any, home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, MlflowClient]:
    from textwrap import dedent

    from tuner import load_study, run

    path = tmp_path_factory.mktemp("study") / "whole.yaml"
    path.write_text(dedent(TEXT), encoding="utf-8")
    result = run(load_study(path), home=home, cluster=cluster)
    return result, MlflowClient(f"sqlite:///{home / 'mlflow.db'}")


def _runs(client: MlflowClient, kind: str) -> list[Run]:
    experiment = client.get_experiment_by_name("whole")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], f"tags.`tuner.kind` = '{kind}'"))


def test_every_trial_is_one_run_under_its_search_under_the_study(whole: tuple[RunResult, MlflowClient]) -> None:
    """Oracle: 1 study, 2 searches, 3 trials each; parents by tag; states as in the result."""
    result, client = whole
    (study,), searches, trials = (_runs(client, kind) for kind in ("study", "search", "trial"))
    assert {run.data.tags["mlflow.parentRunId"] for run in searches} == {study.info.run_id}
    parents = [run.data.tags["mlflow.parentRunId"] for run in trials]
    assert sorted(parents) == sorted(run.info.run_id for run in searches for _ in range(3))
    states = {run.data.tags["tuner.trial_id"]: run.data.tags["tuner.state"] for run in trials}
    assert states == {t.trial_id: str(t.state) for found in result.searches for t in found.outcome.trials}
    status = {"complete": "FINISHED", "stopped": "KILLED"}
    assert all(run.info.status == status[run.data.tags["tuner.state"]] for run in trials)
    assert any(tag.startswith("version.") for tag in study.data.tags)
    assert all("data.fingerprint" in run.data.tags for run in searches)
    assert "name: whole" in Path(client.download_artifacts(study.info.run_id, "study.yaml")).read_text()


def test_metrics_are_there_once_for_every_epoch_and_best_is_not_last(whole: tuple[RunResult, MlflowClient]) -> None:
    """Oracle: the ledger's results, step by step; best/* are those of the best validation epoch."""
    result, client = whole
    runs = {run.data.tags["tuner.trial_id"]: run for run in _runs(client, "trial")}
    for trial in (trial for found in result.searches for trial in found.outcome.trials):
        run = runs[trial.trial_id]
        history = client.get_metric_history(run.info.run_id, "val/accuracy")
        assert [(m.step, m.value) for m in sorted(history, key=lambda m: m.step)] == [
            (r.step, r.metrics["val/accuracy"]) for r in trial.results
        ]
        best = best_result(trial.results, "val/accuracy", "max")
        assert best is not None
        assert run.data.metrics["best/val/accuracy"] == best.metrics["val/accuracy"]
        assert float(run.data.params["lr"]) == trial.config["lr"]
        assert ("embedding_dim" in run.data.params) == trial.trial_id.startswith("whole/cosine")


def test_the_champion_predicts_the_recorded_accuracy(
    whole: tuple[RunResult, MlflowClient], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the test accuracy that the run recorded, from raw pixels through the model loaded without unpickling."""
    result, _ = whole
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
    data = load("digits", data_dir=home / "raw", cache_dir=home / "data")
    for found in result.searches:
        assert found.outcome.model == f"whole.{found.outcome.search.key}/1"
        model = mlflow.pyfunc.load_model(f"models:/whole.{found.outcome.search.key}@champion")
        scores = model.predict(np.array(data.test.images))
        accuracy = float((np.asarray(scores).argmax(axis=1) == data.test.labels).mean())
        assert accuracy == pytest.approx(found.outcome.test_metrics["test/accuracy"], abs=1e-9)


def test_the_search_keeps_its_history_predictions_and_table(whole: tuple[RunResult, MlflowClient]) -> None:
    """Oracle: one parquet row for each metric of each result; predictions whose accuracy is the recorded one."""
    result, client = whole
    (study,) = _runs(client, "study")
    by_key = {found.outcome.search.key: found.outcome for found in result.searches}
    for run in _runs(client, "search"):
        outcome = by_key[run.info.run_name or ""]
        history = pd.read_parquet(client.download_artifacts(run.info.run_id, "history.parquet"))
        assert len(history[history["metric"] == "val/accuracy"]) == sum(len(t.results) for t in outcome.trials)
        arrays = np.load(Path(client.download_artifacts(run.info.run_id, "best/best.npz")), allow_pickle=False)
        best = outcome.best_trial
        assert best is not None
        rule = "cos_ce" if outcome.search.key == "cosine" else "argmax"
        accuracy = float((arrays[f"predictions_{rule}"] == arrays["labels"]).mean())
        recorded = best.best("val/accuracy", "max")
        assert recorded is not None
        assert accuracy == pytest.approx(recorded.metrics["val/accuracy"], abs=1e-9)
        assert {"scores", "embeddings", "class_centres"} <= set(arrays.files)
    names = {artifact.path for artifact in client.list_artifacts(study.info.run_id)}
    assert any("best" in name for name in names), names
    note = study.data.tags["mlflow.note.content"]
    assert "cosine" in note
    assert "cross_entropy" in note


def test_a_second_run_has_nothing_to_do_and_other_values_are_another_study(
    whole: tuple[RunResult, MlflowClient], run_study: RunStudy
) -> None:
    """Oracle: `ran` is false and the result the same; a changed value names its place, --name and --fresh."""
    first, client = whole
    before = len(_runs(client, "trial"))
    again = run_study(TEXT)
    assert not again.ran
    assert [r.outcome.best_trial for r in again.searches] == [r.outcome.best_trial for r in first.searches]
    assert [r.outcome.model for r in again.searches] == [r.outcome.model for r in first.searches]
    assert len(_runs(client, "trial")) == before
    with pytest.raises(InputError, match=r"fixed\.batch_size.*--name.*--fresh"):
        run_study(TEXT, overrides=["fixed.batch_size=32"])


def test_more_trials_go_on_and_fresh_starts_anew(whole: tuple[RunResult, MlflowClient], run_study: RunStudy) -> None:
    """Oracle: the first 3 of 4 trials are the old ones; --fresh makes a second generation with equal trials."""
    first, client = whole
    old = first.searches[0].outcome.trials
    grown = run_study(TEXT, overrides=["search.trials=4"], only={"loss": ["cosine"]})
    assert list(grown.searches[0].outcome.trials[:3]) == list(old)
    assert len(grown.searches[0].outcome.trials) == 4
    fresh = run_study(TEXT, fresh=True, only={"loss": ["cosine"]})
    assert fresh.study_id == "whole#2"
    again = fresh.searches[0].outcome.trials
    assert [trial.config for trial in again] == [trial.config for trial in old]
    values = [[r.metrics["val/accuracy"] for r in trial.results] for trial in (*old, *again)]
    assert values[:3] == values[3:]
    assert len(_runs(client, "study")) == 2


def test_a_trial_is_found_by_name_on_the_dashboard_while_it_runs(run_study: RunStudy, cluster: Any, home: Path) -> None:
    """Oracle: the second trial of a reused process is found by `study/search/number`; without the token nobody is."""
    import urllib.error
    import urllib.request

    from cluster.dashboard import marks

    seen: list[str] = []

    class Watcher(NoProgress):
        def event(self, _search: str, event: Any) -> None:
            if event["event"] == "result" and event["trial"] == 1 and event["step"] == 1:
                deadline = time.monotonic() + 30
                while "named/all/0001" not in seen and time.monotonic() < deadline:
                    seen.extend(marks(cluster.dashboard_url, cluster.token_path.read_text().strip()))
                    time.sleep(0.5)

    run_study(
        """
        name: named
        trainable: toys.py:Curve
        fixed: {epoch_s: 0.4}
        space: {x: {uniform: [0, 1]}}
        search: {metric: val/accuracy, mode: max, trials: 2, budget: {max: 6}}
        """,
        progress=Watcher(),
    )
    assert "named/all/0001" in seen
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{cluster.dashboard_url}/api/v0/actors", timeout=10)  # noqa: S310  (an address of our own)


def test_the_file_says_what_a_run_needs_no_more_than_json(whole: tuple[RunResult, MlflowClient]) -> None:
    """Oracle: the facts of `tuner run --json` survive a round trip, and name the best trial of each search."""
    from tuner.cli.run import facts

    result, _ = whole
    told = json.loads(json.dumps(facts(result)))
    assert told["ok"]
    assert [search["best"]["trial"].rpartition("/")[0] for search in told["searches"]] == [
        "whole/cosine",
        "whole/cross_entropy",
    ]
    assert os.path.isabs(told["tracking_uri"].removeprefix("sqlite:///"))  # noqa: PTH117


def test_searches_side_by_side_keep_to_themselves(run_study: RunStudy, home: Path) -> None:
    """Oracle: networks of different shapes at once: each best model is rebuilt from its own search's folder."""
    result = run_study(
        """
        name: beside
        trainable: moving_targets
        grid: {hidden: [16, 48], loss: [cosine, cross_entropy]}
        space: {lr: {loguniform: [1e-3, 1e-2]}}
        fixed: {dataset: digits, backbone: mlp}
        search: {metric: val/accuracy, mode: max, trials: 3, budget: {max: 2}, parallel_searches: 2}
        """,
        overrides=["space.embedding_dim={constant: 8, when: {loss: cosine}}"],
    )
    assert result.ok, [search.error for search in result.searches]
    for found in result.searches:
        best = found.outcome.best_trial
        assert best is not None
        kept = sorted((home / "studies/beside/0001/searches" / found.outcome.search.key / "trials").glob("*/*.pt"))
        assert [path.parent.name for path in kept] == [f"{best.number:04d}"]
        assert found.outcome.test_metrics["test/accuracy"] > 0.3
