"""`tuner best` over a real store. Oracle: the records that were written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()
DOCS = Path(__file__).parents[3] / "docs" / "json.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study `tiny`, begun twice; in the second generation one search has no trial that succeeded."""
    from results.store import Store

    root: Path = tmp_path_factory.mktemp("home")
    store = Store(Home(root).tracking_uri, artifact_root=Home(root).artifacts)
    for study_id, accuracy in (("tiny", 0.5), ("tiny#2", 0.75)):
        study = StudyRecord(
            study_id=study_id,
            name="tiny",
            metric="val/accuracy",
            mode="max",
            source="",
            fingerprint="f",
            started_at_ms=len(study_id),
        )
        run = store.begin_study(study)
        for key in ("cosine", "euclidean"):
            search = SearchRecord(
                search_id=f"{study_id}/{key}",
                key=key,
                cell={"loss": key},
                metric="val/accuracy",
                mode="max",
                started_at_ms=10,
            )
            lost = key == "euclidean"
            trial = TrialRecord(
                trial_id=f"{search.search_id}/0000",
                number=0,
                config={"lr": 0.01},
                seed=3,
                state=TrialState.CRASHED if lost else TrialState.COMPLETE,
                started_at_ms=20,
                ended_at_ms=1_520,
                error="ValueError: boom" if lost else None,
                results=()
                if lost
                else (
                    ResultRecord(step=1, at_ms=30, metrics={"val/accuracy": accuracy, "x": float("inf")}),
                    ResultRecord(step=2, at_ms=40, metrics={"val/accuracy": 0.25}),
                ),
            )
            search_run = store.begin_search(run, search, new=True)
            store.write_trial(search_run, search, trial, new=True)
            store.end_search(search_run, search, [trial], test_metrics={} if lost else {"test/accuracy": 0.4})
    return root


def test_the_best_of_the_latest_generation_is_shown(home: Path) -> None:
    done = runner.invoke(app, ["best", "tiny", "--home", str(home)])
    assert done.exit_code == 0
    header, first, second = (line.split("\t") for line in done.stdout.splitlines())
    assert header[:3] == ["search", "val/accuracy", "step"]
    assert first[:4] == ["cosine", "0.75", "1", "0.4"]
    assert second[0] == "euclidean"
    assert "euclidean: no trial succeeded" in done.stderr


def test_json_tells_the_facts_that_are_documented(home: Path) -> None:
    done = runner.invoke(app, ["best", "tiny#1", "--home", str(home), "--json"])
    facts = json.loads(done.stdout)
    assert facts["study"] == "tiny"
    assert facts["searches"][0] == {
        "search": "cosine",
        "cell": {"loss": "cosine"},
        "trials": 1,
        "states": {"complete": 1},
        "best": {
            "trial": "tiny/cosine/0000",
            "step": 1,
            "config": {"lr": 0.01},
            "metrics": {"val/accuracy": 0.5, "x": "nan"},  # only `show` and the history tell infinities apart
        },
        "test": {"test/accuracy": 0.4},
        "finals": [],
        "model": None,
    }
    assert facts["searches"][1]["best"] is None
    documented = set(re.findall(r"\w+", DOCS.read_text().split("\n## best\n")[1].split("\n## ")[0]))
    assert {*facts, *facts["searches"][0], *facts["searches"][0]["best"]} <= documented


def test_a_study_file_names_its_study(home: Path, study_file) -> None:
    done = runner.invoke(app, ["best", str(study_file()), "--home", str(home), "--json"])
    assert json.loads(done.stdout)["study"] == "tiny#2"


def test_wrong_names_and_an_empty_home_are_told(home: Path, tmp_path: Path) -> None:
    done = runner.invoke(app, ["best", "tinny", "--home", str(home)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "must be a study that was run, but got 'tinny'; did you mean tiny?" in done.stderr
    done = runner.invoke(app, ["best", "tiny", "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "holds no mlflow.db" in done.stderr
