"""A real run whose store cannot be reached: it ends all the same, says so, and what waits is delivered later, once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from tuner import RunResult
from tuner.cli.main import app
from tuner.dispatch import recorder
from tuner.home import Home
from tuner.outbox import read_posting, search_folders, waiting, write_posting
from tuner.run import NoProgress
from tuner.study_folder import generations

RunStudy = Callable[..., RunResult]
STUDY = """
    name: {name}
    trainable: toys.py:Keeper
    space: {{x: {{uniform: [0.1, 1.0]}}}}
    search: {{metric: val/accuracy, mode: max, trials: 2, budget: {{max: 2}}}}
    tracking: {{uri: "{uri}"}}
"""


@pytest.fixture(autouse=True)
def _notes(home: Path) -> None:
    """Where the toys note what they opened."""
    (home / "data").mkdir(exist_ok=True)


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store that cannot be made as long as a file stands in its place."""
    monkeypatch.setattr(recorder, "PATIENCE", recorder.Patience(between_s=0.2, at_end_s=0.5))
    folder = tmp_path / "away"
    folder.touch()
    return folder


def _opened(home: Path) -> int:
    """How often a test split of these toys was opened."""
    notes = home / "data" / "opened.txt"
    return len(notes.read_text().splitlines()) if notes.exists() else 0


def _kinds(uri: str) -> Counter[str]:
    client = MlflowClient(uri, uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments)
    assert {run.data.tags.get("tuner.state") for run in runs} == {"complete"}
    return Counter(run.data.tags["tuner.kind"] for run in runs)


@pytest.mark.timeout(400)
def test_what_a_run_could_not_deliver_is_delivered_by_sync(run_study: RunStudy, home: Path, away: Path) -> None:
    """Oracle: MLflow's own client; a note for each time the test split was opened; the model that it loads."""
    uri = f"sqlite:///{away / 'mlflow.db'}"
    before = _opened(home)
    result = run_study(STUDY.format(name="away", uri=uri))
    assert result.undelivered is not None
    assert "2 ended trials, 1 ended searches and the table" in result.undelivered
    assert not result.ok
    assert result.searches[0].ok
    command = ["sync", "away", "--home", str(home)]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "2 ended trials, 1 ended searches" in refused.stderr
    away.unlink()
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)["studies"][0]
    assert facts["before"] == {"trials": 2, "searches": 1, "table": True}
    assert facts["after"] == {"trials": 0, "searches": 0, "table": False}
    assert _kinds(uri) == {"study": 1, "search": 1, "trial": 2}
    version = MlflowClient(uri, uri).get_model_version_by_alias("away.all", "champion")
    assert int(version.version) == 1
    assert _opened(home) == before + 1
    again = CliRunner().invoke(app, command)
    assert again.stdout == "away: nothing was waiting\n"
    assert not run_study(STUDY.format(name="away", uri=uri)).ran
    assert _kinds(uri) == {"study": 1, "search": 1, "trial": 2}


@pytest.mark.long
@pytest.mark.timeout(400)
def test_the_same_command_delivers_it_as_well_without_training_or_testing(
    run_study: RunStudy, home: Path, away: Path
) -> None:
    """Oracle: as above, and the ledger, which gains no trial."""
    uri = f"sqlite:///{away / 'mlflow.db'}"
    before = _opened(home)
    first = run_study(STUDY.format(name="away_again", uri=uri))
    away.unlink()
    second = run_study(STUDY.format(name="away_again", uri=uri))
    assert second.ok, second.undelivered
    assert second.searches[0].outcome.trials == first.searches[0].outcome.trials
    assert second.searches[0].outcome.test_metrics == first.searches[0].outcome.test_metrics
    assert second.searches[0].outcome.model == "away_again.all/1"
    assert _opened(home) == before + 1
    assert _kinds(uri) == {"study": 1, "search": 1, "trial": 2}


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_study_may_do_without_the_model_that_waits(run_study: RunStudy, away: Path) -> None:
    """Oracle: MLflow's own client: the search is over, no model is registered, and nothing waits."""
    uri = f"sqlite:///{away / 'mlflow.db'}"
    assert run_study(STUDY.format(name="modelless", uri=uri)).undelivered is not None
    away.unlink()
    assert run_study(STUDY.format(name="modelless", uri=uri), overrides=["tracking.register=false"]).ok
    assert _kinds(uri) == {"study": 1, "search": 1, "trial": 2}
    assert MlflowClient(uri, uri).search_registered_models() == []


PAIR = """
    name: pair
    trainable: toys.py:Keeper
    grid: {{x: [0.3, 0.6]}}
    search: {{metric: val/accuracy, mode: max, trials: 2, budget: {{max: 2}}}}
    tracking: {{uri: "{uri}"}}
"""


def _states(uri: str) -> set[tuple[str, str, str]]:
    """Kind, our state and MLflow's status of every run but the trials."""
    client = MlflowClient(uri, uri)
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    told = {(run.data.tags["tuner.kind"], run.data.tags["tuner.state"], run.info.status) for run in runs}
    return {run for run in told if run[0] != "trial"}


@pytest.mark.timeout(400)
def test_what_was_delivered_before_stays_as_it_is(run_study: RunStudy, home: Path, away: Path) -> None:
    """Oracle: the states that MLflow's own client tells. One search was recorded, the store was away for the other.

    Then the table alone is missing, as after a kill amid the study's end: the same command delivers it.
    """
    uri, aside = f"sqlite:///{away / 'mlflow.db'}", away.with_name("aside")
    away.unlink()
    assert run_study(PAIR.format(uri=uri), only={"x": [0.3]}).ok
    away.rename(aside)
    away.touch()
    assert run_study(PAIR.format(uri=uri)).undelivered is not None
    away.unlink()
    aside.rename(away)
    done = CliRunner().invoke(app, ["sync", "pair", "--home", str(home)])
    assert done.exit_code == 0, done.stderr
    over = {("study", "complete", "FINISHED"), ("search", "complete", "FINISHED")}
    assert _states(uri) == over
    (folder,) = generations(Home(home), "pair")
    posting = read_posting(folder)
    assert posting is not None
    assert posting.delivered
    write_posting(folder, replace(posting, delivered=False))
    client = MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name("pair")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "tags.`tuner.kind` = 'study'")
    client.update_run(run.info.run_id, status="RUNNING")
    again = run_study(PAIR.format(uri=uri))
    assert (again.ran, again.undelivered) == (False, None)
    assert _states(uri) == over
    (search_folders(folder)[0] / "delivered.json").unlink()  # a power cut: it is not flushed
    done = CliRunner().invoke(app, ["sync", "pair", "--home", str(home)])
    assert done.stdout == "pair: delivered 2 ended trials, 0 ended searches\n"
    assert _states(uri) == over
    assert not waiting(folder)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_another_store_is_told_everything_again(run_study: RunStudy, home: Path, tmp_path: Path) -> None:
    """Oracle: MLflow's own client of both stores; the ledger, which gains no trial; a second search is new to both."""
    first, second = (f"sqlite:///{tmp_path / name / 'mlflow.db'}" for name in ("a", "b"))
    text = PAIR.replace("pair", "moving_house")
    assert run_study(text.format(uri=first), only={"x": [0.3]}).ok
    assert run_study(text.format(uri=second)).ok
    assert _kinds(first) == {"study": 1, "search": 1, "trial": 2}
    assert _kinds(second) == {"study": 1, "search": 2, "trial": 4}
    models = MlflowClient(second, second).search_registered_models()
    assert [list(model.aliases) for model in models] == [["champion"], ["champion"]]


@pytest.mark.timeout(400)
def test_a_search_that_goes_on_is_not_taken_for_one_that_is_over(run_study: RunStudy, home: Path) -> None:
    """Oracle: while it trains the further trials, what `tuner sync` and `tuner gc` go by does not say that it is."""
    text = STUDY.format(name="goes_on", uri=f"sqlite:///{home / 'mlflow.db'}")
    assert run_study(text).ok
    (folder,) = generations(Home(home), "goes_on")
    done, seen = folder.search("all") / "done.json", []

    class Watching(NoProgress):
        def event(self, search: str, event: Mapping[str, Any]) -> None:
            seen.append(done.exists())

    assert done.exists()
    assert run_study(text, overrides=["search.trials=3"], progress=Watching()).ok
    assert seen
    assert not any(seen)
    assert done.exists()
