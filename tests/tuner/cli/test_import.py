"""`tuner import` over a hand-made experiment. Oracle: what the reading verbs, the notebook API and MLflow then tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from results import open_study
from tests.tuner.importing.experiments import line, standard, trial, write
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return standard(tmp_path_factory.mktemp("ray results") / "my experiment")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, experiment: Path) -> Path:
    home = tmp_path_factory.mktemp("home")
    done = runner.invoke(app, ["import", str(experiment), "--mode", "max", "--factor", "model", "--home", str(home)])
    assert done.exit_code == 0, done.output
    return home


def told(home: Path, *words: str) -> str:
    done = runner.invoke(app, [*words, "--home", str(home)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_verb_that_reads_works_on_it(home: Path, tmp_path: Path) -> None:
    """Oracle: the metric is the one that Ray noted; a's best is 0.8 at step 1, b's 0.4 crashed and 0.2 counts."""
    searches = json.loads(told(home, "best", "my_experiment", "--json"))["searches"]
    assert [(found["search"], found["best"]["metrics"]["eval/acc"]) for found in searches] == [("a", 0.8), ("b", 0.2)]
    assert len(json.loads(told(home, "trials", "my_experiment", "--json"))["trials"]) == 4
    assert "RuntimeError: boom" in told(home, "show", "my_experiment/b/0001")
    export = tmp_path / "out.parquet"
    told(home, "export", "my_experiment", "--parquet", str(export), "--optuna", f"sqlite:///{tmp_path}/o.db")
    assert export.is_file()
    told(home, "figures", "my_experiment", "--out", str(tmp_path / "figures"))


def test_it_opens_in_a_notebook(home: Path) -> None:
    study = open_study("my_experiment", home=home)
    assert study.table(cell=["eval/acc", "config/opt/lr"]).frame().loc["a"].tolist() == [0.8, 0.01]
    assert len(study.history()) == 3 + 2 + 2 + 1
    assert study.record.params["trainable"] == "train"
    assert study.record.source.startswith("# my_experiment: imported from the Ray Tune experiment my experiment")


def test_again_it_doubles_nothing_and_adds_what_the_experiment_has_gained(home: Path, experiment: Path) -> None:
    """Oracle: the runs of MLflow: a study, two searches, four trials, each value once; then a fifth trial."""
    words = ["import", str(experiment), "--mode", "max", "--factor", "model"]
    told(home, *words)
    client = MlflowClient(Home(home).tracking_uri)
    experiments = [found.experiment_id for found in client.search_experiments()]

    def kinds() -> list[str]:
        return sorted(run.data.tags["tuner.kind"] for run in client.search_runs(experiments))

    assert kinds() == ["search"] * 2 + ["study"] + ["trial"] * 4
    (run,) = client.search_runs(experiments, "tags.`tuner.trial_id` = 'my_experiment/a/0000'")
    assert [metric.value for metric in client.get_metric_history(run.info.run_id, "eval/acc")] == [0.3, 0.5, 0.7]
    state = next(experiment.glob("experiment_state*"))
    before = json.loads(state.read_text())
    config = {"opt": {"lr": 0.5, "fn": "<function f>"}, "model": "a", "width": 8}
    write(experiment, [trial(4, config, [line(1, eval={"acc": 0.9})])])
    after = json.loads(state.read_text())
    state.write_text(json.dumps({**after, "trial_data": [*after["trial_data"], *before["trial_data"]]}))
    told(home, *words)
    assert kinds() == ["search"] * 2 + ["study"] + ["trial"] * 5
    assert open_study("my_experiment", home=home).best()["eval/acc"].tolist() == [0.9, 0.2]


def test_another_experiment_of_the_name_is_refused_and_another_metric_too(home: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "my experiment", [{**trial(0, {}, [line(1, eval={"acc": 0.5})]), "id": "zz_00000"}])
    done = runner.invoke(app, ["import", str(other), "--mode", "min", "--home", str(home)])
    assert done.exit_code == 2
    for words in ("search.mode", "imported", "differs from the study 'my_experiment'", "--name"):
        assert words in done.output
    done = runner.invoke(app, ["import", str(other), "--mode", "min", "--home", str(home), "--name", "other", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["study"] == "other"


def test_wrong_words_are_told_and_nothing_is_written(experiment: Path, tmp_path: Path) -> None:
    """Oracle: exit code 2, one line for each mistake, and no home."""
    home = tmp_path / "h"
    unknown = write(tmp_path / "bare", [trial(0, {}, [line(1, loss=1.0)])], metric=None)
    for words, rules in (
        ([str(unknown)], ["--metric: must be given", "--mode: must be given"]),
        ([str(experiment), "--mode", "up"], ["--mode: must be a direction, but got 'up'; choices: max, min"]),
        ([str(experiment), "--mode", "max", "--metric", "f1"], ["--metric: must be a number that the trials reported"]),
        ([str(experiment), "--mode", "max", "--name", "a/b"], ["--name: must be at most 64 letters"]),
        ([str(tmp_path / "none"), "--mode", "max"], ["PATH: must be the folder of a Ray Tune experiment"]),
    ):
        done = runner.invoke(app, ["import", *words, "--home", str(home)])
        assert done.exit_code == 2
        for rule in rules:
            assert rule in done.output
    assert not home.exists()
