"""`tuner figures` over a real store. Oracle: the records and arrays that were written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()
DOCS = Path(__file__).parents[3] / "docs" / "json.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three searches: one with arrays, one without, one whose only trial crashed."""
    from results.store import Store

    root: Path = tmp_path_factory.mktemp("home")
    store = Store(Home(root).tracking_uri, artifact_root=Home(root).artifacts)
    study = StudyRecord(
        study_id="tiny", name="tiny", metric="val/accuracy", mode="max", source="", fingerprint="f", started_at_ms=1
    )
    run = store.begin_study(study)
    np.savez_compressed(root / "best.npz", templates=np.zeros((2, 3, 4, 4)), classes=np.array(["a", "b"]))
    for number, key in enumerate(("kept", "bare", "lost")):
        search = SearchRecord(
            search_id=f"tiny/{key}", key=key, cell={}, metric="val/accuracy", mode="max", started_at_ms=10 + number
        )
        results = [ResultRecord(step=n, at_ms=n, metrics={"val/accuracy": n / 4, "val/loss": 1 / n}) for n in (1, 2)]
        trial = TrialRecord(
            trial_id=f"tiny/{key}/0000",
            number=0,
            config={},
            seed=3,
            state=TrialState.CRASHED if key == "lost" else TrialState.COMPLETE,
            started_at_ms=20,
            ended_at_ms=30,
            results=() if key == "lost" else tuple(results),
        )
        search_run = store.begin_search(run, search, new=True)
        store.write_trial(search_run, search, trial, new=True)
        if key == "kept":
            store.log_file(search_run, root / "best.npz", "best")
        store.end_search(search_run, search, [trial], test_metrics={})
    return root


def test_figures_are_drawn_and_told(home: Path, tmp_path: Path) -> None:
    done = runner.invoke(app, ["figures", "tiny", "--home", str(home), "--out", str(tmp_path)])
    assert done.exit_code == 0, done.stderr
    _, kept, bare = (line.split("\t") for line in done.stdout.splitlines())
    assert kept == ["kept", "loss, accuracy, templates", str(tmp_path / "kept")]
    assert bare == ["bare", "loss, accuracy", str(tmp_path / "bare")]
    assert "bare: templates is left out: the best trial kept no templates, classes" in done.stderr
    assert "lost: no trial succeeded" in done.stderr
    assert {file.name for file in (tmp_path / "bare").glob("[!.]*")} == {
        f"{name}.{suffix}" for name in ("loss", "accuracy") for suffix in ("svg", "png")
    }
    assert not (tmp_path / "lost").exists()


def test_json_tells_the_facts_that_are_documented(home: Path) -> None:
    done = runner.invoke(app, ["figures", "tiny", "--home", str(home), "--json"])
    facts = json.loads(done.stdout)
    folder = home / "figures" / "tiny"
    assert facts["out"] == str(folder)
    kept, _, lost = facts["searches"]
    assert kept["figures"][2] == {
        "figure": "templates",
        "files": [str(folder / "kept" / f"templates.{suffix}") for suffix in ("svg", "png")],
    }
    assert {"figure": "cost", "why": "the best trial reported no cost at two steps or more"} in kept["left_out"]
    assert (lost["trial"], lost["figures"]) == (None, [])
    documented = set(re.findall(r"\w+", DOCS.read_text().split("\n## figures\n")[1].split("\n## ")[0]))
    assert {*facts, *kept, *kept["figures"][0], *kept["left_out"][0]} <= documented
