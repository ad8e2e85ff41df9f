"""A folder as a run's artifacts. Oracle: what MlflowClient lists and downloads afterwards."""

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


def listed(store: Store, run: str, to: str) -> dict[str, str]:
    """Every file under `to` with its text."""
    client = MlflowClient(store.uri)
    folder = Path(client.download_artifacts(run, to))
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_mirrored_and_an_unchanged_one_is_not_sent(store: Store, tmp_path: Path) -> None:
    """Oracle: two files, one deeper; then one changed, one gone and one new; a neighbour folder is left alone."""
    run = store.study_run("f")
    assert run is not None
    assert store.log_folder(run, write(tmp_path / "n", other="kept"), "figures-of-others") is True
    folder = write(tmp_path / "a", a="1", deep__b="2")
    assert store.log_folder(run, folder, "figures") is True
    assert listed(store, run, "figures") == {"a": "1", "deep/b": "2"}
    assert store.log_folder(run, folder, "figures") is False
    (folder / "deep/b").unlink()
    assert store.log_folder(run, write(folder, a="changed", c="3"), "figures") is True
    assert listed(store, run, "figures") == {"a": "changed", "c": "3"}
    assert listed(store, run, "figures-of-others") == {"other": "kept"}


def test_files_that_were_lost_are_sent_again(store: Store, tmp_path: Path) -> None:
    """Oracle: the digest in the tag is the old one, and yet the file is back."""
    run = store.study_run("f")
    assert run is not None
    store.log_folder(run, write(tmp_path / "a", a="1"), "lost")
    Path(MlflowClient(store.uri).get_run(run).info.artifact_uri.removeprefix("file://"), "lost", "a").unlink()
    assert store.log_folder(run, tmp_path / "a", "lost") is True
    assert listed(store, run, "lost") == {"a": "1"}


def test_an_empty_or_missing_folder_is_refused(store: Store, tmp_path: Path) -> None:
    run = store.study_run("f")
    assert run is not None
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ValueError, match="must be a folder with files"):
            store.log_folder(run, folder, "figures")
    assert store.study_run("unknown") is None
