"""`tuner report` over a real store: what it writes, what it keeps with the runs, and a disk without room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()
SOURCE = "name: tiny\nreport: {figures: [accuracy]}\n"  # every figure would take ten seconds


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study `tiny` of one search, one trial of two steps, whose report has one figure."""
    from results.store import Store

    root: Path = tmp_path_factory.mktemp("home")
    store = Store(Home(root).tracking_uri, artifact_root=Home(root).artifacts)
    study = StudyRecord(
        study_id="tiny",
        name="tiny",
        metric="val/accuracy",
        mode="max",
        source=SOURCE,
        fingerprint="f",
        started_at_ms=1,
    )
    search = SearchRecord(
        search_id="tiny/x",
        key="x",
        cell={},
        metric="val/accuracy",
        mode="max",
        started_at_ms=1,
        params={"trials": 1, "budget": "2 epoch"},
    )
    run = store.begin_search(store.begin_study(study), search, new=True)
    trial = TrialRecord(
        trial_id="tiny/x/0000",
        number=0,
        config={"lr": 0.1},
        seed=0,
        state=TrialState.COMPLETE,
        started_at_ms=10,
        ended_at_ms=20,
        results=tuple(ResultRecord(step=s, at_ms=10 + s, metrics={"val/accuracy": s / 4}) for s in (1, 2)),
    )
    store.write_trial(run, search, trial, new=True)
    store.end_search(run, search, [trial], test_metrics={})
    return root


def artifacts(home: Path, kind: str, folder: str) -> set[str]:
    """The names of what the store keeps under `folder` of the study's or the search's run."""
    client = MlflowClient(Home(home).tracking_uri)
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], f"tags.`tuner.kind` = '{kind}'")
    kept = Path(client.download_artifacts(run.info.run_id, folder))
    return {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}


def test_a_folder_of_the_user_s_is_neither_kept_nor_cleared(home: Path, tmp_path: Path) -> None:
    """Oracle: what the report wrote, listed by hand, is all that the store has; the files of others are as they were.

    As with `--out ~`: others' files lie in the folder itself, and in folders that are called as the report's.
    """
    others = [tmp_path / name for name in ("diary.txt", "tables/sales.csv", "figures/x/best/cat.png", "deep/er/key")]
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text("mine")
    for _ in range(2):
        done = runner.invoke(app, ["report", "tiny", "--home", str(home), "--out", str(tmp_path)])
        assert done.exit_code == 0, done.stderr
    tables = {f"tables/{name}.{kind}" for name in ("best_models", "hyperparameters") for kind in ("md", "csv", "tex")}
    figures = {f"best/accuracy.{kind}" for kind in ("svg", "png")}
    pages = {"index.html", "searches/x.html", "cost.md", "cost.csv"}
    assert artifacts(home, "study", "report") == pages | tables | {f"figures/x/{figure}" for figure in figures}
    assert artifacts(home, "search", "figures") == figures
    assert [other.read_text() for other in others] == ["mine"] * len(others)


@pytest.mark.parametrize("room", [16_384, 65_536], ids=["for no figure", "for no page"])
def test_a_full_disk_is_told_in_one_line(home: Path, small_disk: Callable[[int], Path], room: int) -> None:
    """Oracle: a disk of that many bytes is full, and the line names the file; no traceback, nothing of half a file."""
    folder = small_disk(room)
    done = runner.invoke(app, ["report", "tiny", "--home", str(home), "--out", str(folder), "--no-log"])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"the disk is full: {folder}/")
    assert " needs " in line
    assert not list(folder.rglob("*.partial"))
