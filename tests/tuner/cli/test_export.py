"""`tuner export` over a real store. Oracle: what the tools themselves read back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import optuna
import pandas as pd
import pytest
from typer.testing import CliRunner

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()
JSON_PAGE = Path(__file__).parents[3] / "docs" / "json.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study `tiny` of one search, two trials of two steps."""
    from results.store import Store

    root: Path = tmp_path_factory.mktemp("home")
    store = Store(Home(root).tracking_uri, artifact_root=Home(root).artifacts)
    common = {"metric": "val/accuracy", "mode": "max", "started_at_ms": 1}
    study = StudyRecord(study_id="tiny", name="tiny", source="", fingerprint="f", **common)
    search = SearchRecord(search_id="tiny/x", key="x", cell={}, space={"lr": {"loguniform": [1e-3, 1.0]}}, **common)
    run = store.begin_search(store.begin_study(study), search, new=True)
    trials = [
        TrialRecord(
            trial_id=f"tiny/x/{number:04d}",
            number=number,
            config={"lr": 0.1 * (number + 1)},
            seed=number,
            state=TrialState.COMPLETE,
            started_at_ms=10,
            ended_at_ms=20,
            results=tuple(
                ResultRecord(step=s, at_ms=10 + s, metrics={"val/accuracy": s / 4 + number / 8}) for s in (1, 2)
            ),
        )
        for number in range(2)
    ]
    for trial in trials:
        store.write_trial(run, search, trial, new=True)
    store.end_search(run, search, trials, test_metrics={})
    return root


def test_every_form_at_once_and_every_json_field_documented(home: Path, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'o.db'}"
    files = ["--optuna", storage, "--csv", str(tmp_path / "t.csv"), "--parquet", str(tmp_path / "h.parquet")]
    done = runner.invoke(app, ["export", "tiny", "--home", str(home), *files, "--json"])
    facts = json.loads(done.stdout)
    study = optuna.load_study(study_name="tiny/x", storage=storage)
    assert (study.best_value, study.best_params) == (0.625, {"lr": 0.2})
    assert study.trials[0].distributions["lr"].log  # from the record's space
    assert len(pd.read_csv(tmp_path / "t.csv")) == facts["csv"]["trials"] == 2
    assert len(pd.read_parquet(tmp_path / "h.parquet")) == facts["parquet"]["rows"] == 4
    page = JSON_PAGE.read_text(encoding="utf-8").split("\n## export\n")[1].split("\n## ")[0]
    assert {*facts, *facts["optuna"], *facts["csv"], *facts["parquet"]} <= set(re.findall(r"\w+", page))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "say what to write"),
        (["--optuna", "studies.db"], "must be a storage such as sqlite:///studies.db"),
        (["--csv", "/nosuch/t.csv"], "must be a file in a folder that is there"),
    ],
)
def test_mistakes_are_told_in_words(home: Path, arguments: list[str], told: str) -> None:
    done = runner.invoke(app, ["export", "tiny", "--home", str(home), *arguments])
    assert done.exit_code == 2
    assert told in done.stderr
