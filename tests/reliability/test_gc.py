"""What `tuner gc` takes away, and above all what it leaves; studies are real folders, made without a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from story import Story, study
from typer.testing import CliRunner

from tuner.cli.main import app
from tuner.closed import Closed, mark_done, write_closed
from tuner.gc import sweep
from tuner.home import Home
from tuner.outbox import write_posting
from tuner.study_folder import claim

HOLDER = """
import sys
from pathlib import Path
from tuner.home import Home
from tuner.study_folder import locked
with locked(Home(Path(sys.argv[1])), "story"):
    print("held", flush=True)
    sys.stdin.read()
"""


def _write(path: Path, count: int = 1_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(count))
    return path


def _finished(home: Path) -> Path:
    """A study that is over and recorded, as a run leaves it; returns its search's folder."""
    story = Story(home, "sqlite:////nowhere.db", 2, recorded=False)
    story.train(2)
    folder = story.folder.search("all")
    _write(folder / "trials" / "0001" / "step-000003.pt")
    _write(folder / "tune" / "experiment_state.json")
    _write(folder / "tune" / "0000-abc" / "params.json")
    (folder / "delivered.json").write_text("[0, 1]")
    write_closed(folder, Closed(budget={}, ended_by=None, record=story.record, test_metrics={}, finals=(), files={}))
    mark_done(folder, model="story.all/1")
    write_posting(story.folder, replace(story.posting, delivered=True))
    story.leave()
    return folder


def _tree(home: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and its time of change."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def _gone(home: Path, unused_days: float = 30.0) -> set[str]:
    """Sweep; the names of the files that are gone."""
    before = set(_tree(home))
    found = sweep(Home(home), dry_run=False, unused_days=unused_days)
    gone = before - set(_tree(home))
    listed = [str(leftover.path) for leftover in found.leftovers]
    assert all(any(name.startswith(path) for path in listed) for name in gone), "gone, but not listed"
    return {name.removeprefix(f"{home}/") for name in gone}


@pytest.fixture
def held(tmp_path: Path) -> Iterator[None]:
    """Another process runs the study."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate("")


def test_of_a_search_that_is_over_tunes_files_go_and_its_checkpoint_stays(tmp_path: Path) -> None:
    """Oracle: the two files put into `tune/`, by hand. The store and everything that the study goes on with stay."""
    folder = _finished(tmp_path).relative_to(tmp_path)
    _write(tmp_path / "mlflow.db")
    _write(tmp_path / "artifacts" / "story" / "model.pt2")
    _write(tmp_path / "data" / "MNIST-0123" / "train_images.npy")
    torn = _write(tmp_path / folder / ".best.npz.4711.partial")
    _write(tmp_path / "studies" / "story" / ".holder.json.4711.partial")
    names = {"tune/experiment_state.json", "tune/0000-abc/params.json", torn.name}
    assert _gone(tmp_path) == {f"{folder}/{name}" for name in names} | {"studies/story/.holder.json.4711.partial"}
    assert _gone(tmp_path) == set()
    grown = Story(tmp_path, "sqlite:////nowhere.db", 3, recorded=False)  # its ledger is whole: it can be gone on with
    grown.train(1)
    grown.leave()


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path) -> None:
    """Oracle: every file's size and time before and after, then what really goes."""
    folder = _finished(tmp_path)
    before = _tree(tmp_path)
    command = ["gc", "--home", str(tmp_path), "--json"]
    said = json.loads(CliRunner().invoke(app, [*command, "--dry-run"]).stdout)
    assert _tree(tmp_path) == before
    done = json.loads(CliRunner().invoke(app, command).stdout)
    assert (said["removed"], done["removed"]) == (False, True)
    assert said["leftovers"] == done["leftovers"]
    assert said["leftovers"] == [
        {"path": str(folder / "tune"), "why": "Ray Tune's own files of a search that is over", "bytes": 2_000}
    ]
    assert said["bytes"] == 2_000


@pytest.mark.parametrize("left", ["records", "trials"])
def test_a_study_that_is_not_finished_keeps_everything(left: str, tmp_path: Path) -> None:
    """Its records wait for the store, or it has trials to come: nothing of it goes, nor do the data it may read."""
    folder = _finished(tmp_path)
    _write(tmp_path / "data" / "MNIST-0123" / "train_images.npy")
    if left == "records":
        (folder / "delivered.json").write_text("[0]")
    else:
        story = Story(tmp_path, "sqlite:////nowhere.db", 5, recorded=False)
        (folder / "delivered.json").write_text("[0, 1]")
        story.leave()
    assert _gone(tmp_path, unused_days=0.0) == set()


@pytest.mark.usefixtures("held")
def test_a_study_that_another_process_runs_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "studies" / "story" / "0001"
    _write(folder / "searches" / "all" / ".x.1.partial")
    _write(folder / "searches" / "all" / "ledger.jsonl", 0)
    (folder / "study.json").write_text('{"began_at_ms": 0, "identity": {}}')
    _write(tmp_path / "data" / "MNIST-0123" / "train_images.npy")
    found = sweep(Home(tmp_path), dry_run=False, unused_days=0.0)
    assert found.leftovers == []
    assert "is being run by process" in found.spared[0].why


def test_a_generation_that_fresh_replaced_goes_and_its_number_is_not_used_again(tmp_path: Path) -> None:
    _finished(tmp_path)
    wanted = study(2)
    with claim(Home(tmp_path), wanted, fresh=True) as second:
        _write(second.path / "searches" / "all" / "ledger.jsonl", 0)
    assert all(name.startswith("studies/story/0001/") for name in _gone(tmp_path))
    assert not (tmp_path / "studies" / "story" / "0001").exists()
    with claim(Home(tmp_path), wanted, fresh=True) as third:
        assert third.study_id == "story#3"


def test_prepared_data_goes_when_it_has_not_been_read_for_long(tmp_path: Path) -> None:
    """Oracle: times of reading set by hand, 40 and 20 days ago; half prepared data go at once."""
    _finished(tmp_path)
    sweep(Home(tmp_path), dry_run=False, unused_days=30)
    for name, days in (("old", 40), ("new", 20)):
        path = _write(tmp_path / "data" / f"{name}-0123" / "train_images.npy")
        then = path.stat().st_mtime - days * 24 * 3600
        os.utime(path, (then, then))
    _write(tmp_path / "data" / ".new-0123.tmp-xyz" / "train_images.npy")
    assert _gone(tmp_path) == {"data/old-0123/train_images.npy", "data/.new-0123.tmp-xyz/train_images.npy"}


def test_a_home_that_is_none_is_no_empty_one(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["gc", "--home", str(tmp_path / "typo")])
    assert done.exit_code == 2
    assert "--home: must be a home where something was run" in done.stderr


def test_logs_of_ray_go_once_their_run_has_ended(tmp_path: Path) -> None:
    """Oracle: this process lives; one of number 4194305 cannot (Linux numbers up to 4194304)."""
    sessions = tmp_path / "ray" / "s"
    _write(sessions / "session_2026-01-01_00-00-00_000000_4194305" / "logs" / "raylet.out")
    _write(sessions / f"session_2026-01-01_00-00-01_000000_{os.getpid()}" / "logs" / "raylet.out")
    assert _gone(tmp_path) == {"ray/s/session_2026-01-01_00-00-00_000000_4194305/logs/raylet.out"}
