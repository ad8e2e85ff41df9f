"""Files of a folder as a run's artifacts. Oracle: what MlflowClient lists and downloads afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from results.records import StudyRecord
from results.store import Store

STUDY = StudyRecord(study_id="f", name="f", metric="m", mode="max", source="", fingerprint="f", started_at_ms=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('folders')}/mlflow.db")
    store.begin_study(STUDY)
    return store


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def log(store: Store, run: str, folder: Path, to: str) -> bool:
    """Log every file of a folder."""
    return store.log_files(run, folder, [path for path in folder.rglob("*") if path.is_file()], to=to)


def listed(store: Store, run: str, to: str) -> dict[str, str]:
    """Every file under `to` with its text."""
    client = MlflowClient(store.uri)
    folder = Path(client.download_artifacts(run, to))
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_mirrored_and_an_unchanged_one_is_not_sent(store: Store, tmp_path: Path) -> None:
    """Oracle: two files, one deeper; then one changed, one gone and one new; a neighbour folder is left alone."""
    run = store.study_run("f")
    assert run is not None
    assert log(store, run, write(tmp_path / "n", other="kept"), "figures-of-others") is True
    folder = write(tmp_path / "a", a="1", deep__b="2")
    assert log(store, run, folder, "figures") is True
    assert listed(store, run, "figures") == {"a": "1", "deep/b": "2"}
    assert log(store, run, folder, "figures") is False
    (folder / "deep/b").unlink()
    assert log(store, run, write(folder, a="changed", c="3"), "figures") is True
    assert listed(store, run, "figures") == {"a": "changed", "c": "3"}
    assert listed(store, run, "figures-of-others") == {"other": "kept"}


def test_files_that_were_lost_are_sent_again(store: Store, tmp_path: Path) -> None:
    """Oracle: the digest in the tag is the old one, and yet the file is back."""
    run = store.study_run("f")
    assert run is not None
    log(store, run, write(tmp_path / "a", a="1"), "lost")
    Path(MlflowClient(store.uri).get_run(run).info.artifact_uri.removeprefix("file://"), "lost", "a").unlink()
    assert log(store, run, tmp_path / "a", "lost") is True
    assert listed(store, run, "lost") == {"a": "1"}


def test_what_else_lies_in_the_folder_is_neither_sent_nor_a_change(store: Store, tmp_path: Path) -> None:
    """Oracle: of three files two are named; another content of the third one is nothing new."""
    run = store.study_run("f")
    assert run is not None
    folder = write(tmp_path / "a", a="1", deep__b="2", diary="mine")
    files = [folder / "a", folder / "deep/b"]
    assert store.log_files(run, folder, files, to="some") is True
    assert listed(store, run, "some") == {"a": "1", "deep/b": "2"}
    write(folder, diary="mine, too")
    assert store.log_files(run, folder, files, to="some") is False


def test_no_file_and_one_outside_the_folder_are_refused(store: Store, tmp_path: Path) -> None:
    run = store.study_run("f")
    assert run is not None
    with pytest.raises(ValueError, match="there must be a file"):
        store.log_files(run, tmp_path, [], to="figures")
    with pytest.raises(ValueError, match="not in the subpath"):
        store.log_files(run, tmp_path / "in", [tmp_path / "out"], to="figures")
    assert store.study_run("unknown") is None
