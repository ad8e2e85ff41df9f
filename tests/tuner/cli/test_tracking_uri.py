"""Any store's address where a home may stand. Oracle: the same study in its home; the rules that an address breaks."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tuner.cli.main import app

from .small_home import small_home

runner = CliRunner()
# Every verb that reads a study, and what of its JSON only the right store has.
VERBS = {
    "best": (["tiny"], lambda facts: facts["searches"][0]["best"]["metrics"], {"val/accuracy": 0.5}),
    "trials": (["tiny"], lambda facts: [trial["trial"] for trial in facts["trials"]], ["tiny/x/0000"]),
    "show": (["tiny/x/0000"], lambda facts: len(facts["results"]), 2),
    "report": (["tiny", "--out", "report"], lambda facts: (facts["figures"], facts["logged"]), (1, True)),
    "compare": (["tiny", "tiny"], lambda facts: facts["cells"][0]["first"]["mean"], 0.5),
    "verify": (["tiny", "--reference", "imbalance"], lambda facts: facts["study"], "tiny"),
    "figures": (["tiny", "--out", "figures"], lambda facts: facts["searches"][0]["trial"], "tiny/x/0000"),
    "export": (["tiny", "--csv", "trials.csv"], lambda facts: facts["csv"]["trials"], 1),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was made elsewhere: where it was there is nothing any more, and nothing may come to be there."""
    made = small_home(tmp_path_factory.mktemp("made") / "home")
    moved = tmp_path_factory.mktemp("moved") / "home"
    shutil.move(made, moved)
    made.parent.rmdir()
    return moved


@pytest.mark.parametrize("verb", VERBS)
def test_a_store_is_read_by_its_address_from_any_folder(
    verb: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the records as they were written; the address as a person types it, and no home where one is looked for.

    The home was moved after its study was recorded: the paths that MLflow noted of its files lead nowhere.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").symlink_to(home)
    arguments, read, expected = VERBS[verb]
    for address in ("sqlite:///kept/mlflow.db", f"sqlite:///{home}/mlflow.db"):
        done = runner.invoke(app, [verb, *arguments, "--tracking-uri", address, "--json"])
        assert done.exit_code == 0, done.stderr
        facts: dict[str, Any] = json.loads(done.stdout)
        assert read(facts) == expected
    assert not (tmp_path / "runs").exists()


def test_a_report_is_kept_beside_a_store_that_was_moved(home: Path, tmp_path: Path) -> None:
    """Oracle: the page as it was written; where the home was made nothing has come to be."""
    address = f"sqlite:///{home}/mlflow.db"
    done = runner.invoke(app, ["report", "tiny", "--out", str(tmp_path), "--tracking-uri", address])
    assert done.exit_code == 0, done.stderr
    (kept,) = (home / "artifacts").rglob("report/index.html")
    assert kept.read_bytes() == (tmp_path / "index.html").read_bytes()
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        noted = [Path(uri.removeprefix("file://")) for (uri,) in store.execute("SELECT artifact_uri FROM runs")]
    assert noted
    assert not any(path.parents[3].exists() for path in noted)


def test_the_option_comes_before_what_a_study_file_says(home: Path, study_file: Any, tmp_path: Path) -> None:
    """Oracle: the file's own address leads to no store, and is told with its place."""
    path = study_file("name: tiny\n", f"name: tiny\ntracking: {{uri: 'sqlite:///{tmp_path}/gone.db'}}\n")
    done = runner.invoke(app, ["best", str(path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{path}: tracking.uri: must be a store where something was run: {tmp_path}/gone.db")
    done = runner.invoke(app, ["best", str(path), "--tracking-uri", f"sqlite:///{home}/mlflow.db"])
    assert done.exit_code == 0, done.stderr


def test_two_stores_are_compared(home: Path) -> None:
    """Oracle: both studies are called alike, and each is named by the store that it is from."""
    address = f"sqlite:///{home}/mlflow.db"
    done = runner.invoke(
        app, ["compare", "tiny", "tiny", "--home", str(home), "--other-tracking-uri", address, "--json"]
    )
    assert json.loads(done.stdout)["studies"] == ["tiny", f"tiny in {address}"]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("runs/mlflow.db", "must be an MLflow URI that begins with sqlite, http, "),
        ("sqlite://x.db", "must name a file: sqlite:///relative/to/here.db or "),
        ("sqlite:///gone.db", "must be a store where something was run: {here}/gone.db is not there"),
        ("sqlite:///text.db", "must be a store that can be read: DatabaseError: file is not a database"),
        ("sqlite:///other.db", "must be an MLflow store: {here}/other.db has none of its tables"),
        ("http://reader:S3cr3t@127.0.0.1:1", "must be a store that answers: MlflowException: "),
        ("http://127.0.0.1:1/?token=S3cr3t", "must be a store that answers: MlflowException: "),
    ],
)
def test_what_is_no_store_is_told_in_one_line(
    address: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the lines above, before any secret and without a trace of one; no file is made or changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.db").write_text("no database, but a text that is long enough" * 9)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE studies (study_id INTEGER)")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = runner.invoke(app, ["best", "tiny", "--tracking-uri", address])
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"--tracking-uri: {told.format(here=tmp_path)}")
    assert "S3cr3t" not in line
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
