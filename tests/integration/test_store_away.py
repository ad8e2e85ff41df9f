"""A real run whose store cannot be reached: it ends all the same, says so, and what waits is delivered later, once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from tuner import RunResult
from tuner.cli.main import app
from tuner.dispatch import recorder

RunStudy = Callable[..., RunResult]
STUDY = """
    name: {name}
    trainable: toys.py:Keeper
    space: {{x: {{uniform: [0.1, 1.0]}}}}
    search: {{metric: val/accuracy, mode: max, trials: 2, budget: {{max: 2}}}}
    tracking: {{uri: "{uri}"}}
"""


@pytest.fixture
def away(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store that cannot be made as long as a file stands in its place."""
    monkeypatch.setattr(recorder, "PATIENCE", recorder.Patience(between_s=0.2, at_end_s=0.5))
    (home / "data").mkdir(exist_ok=True)  # where the toys note what they opened
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
