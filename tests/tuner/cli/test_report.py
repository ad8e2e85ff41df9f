"""`tuner report` over a real store: what it writes, what it keeps with the runs, and a disk without room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from tuner.cli.main import app
from tuner.home import Home

from .small_home import small_home

runner = CliRunner()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_home(tmp_path_factory.mktemp("home"))


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


def test_a_page_of_the_user_s_is_not_written_over(home: Path, tmp_path: Path) -> None:
    """Oracle: its bytes, and that nothing else has come; a report's own page is replaced (the test above)."""
    page = tmp_path / "index.html"
    page.write_text("<!doctype html><title>mine</title>")
    done = runner.invoke(app, ["report", "tiny", "--home", str(home), "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert f"--out: must be a folder whose index.html, if it has one, is a report's, but got '{page}'" in done.stderr
    assert page.read_text() == "<!doctype html><title>mine</title>"
    assert list(tmp_path.iterdir()) == [page]


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
