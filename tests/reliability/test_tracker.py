"""The tracker goes away while a search runs: nothing waits for it, and it gets everything once when it is back."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from story import EPOCHS, QUICK, Story

from trainables.training import ExportedModel
from tuner.closed import Closed, Export, write_closed
from tuner.handover import hand_over
from tuner.outbox import read_posting, readdress, reason, waiting, write_posting
from tuner.sync import sync

Told = Callable[[str], list[tuple[str, str, list[int]]]]
Locked = Callable[[Path], Any]
HERE = Path(__file__).parent


def _whole(trials: int) -> list[tuple[str, str, list[int]]]:
    return [(f"story/all/{number:04d}", "complete", list(range(1, EPOCHS + 1))) for number in range(trials)]


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_records_left_by_a_kill_are_delivered_once_and_in_order(tmp_path: Path, told: Told, locked: Locked) -> None:
    """Oracle: MLflow's database. A process whose store was locked all along is killed with every record waiting."""
    home = tmp_path / "h"
    home.mkdir()
    database = f"sqlite:///{home / 'mlflow.db'}"
    with locked(home / "mlflow.db"):
        command = [sys.executable, str(HERE / "story.py"), str(home), database, "4"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == "told\n"  # trained to the end, though nothing could be delivered
            killed.kill()
    (first,) = sync("story", home=home, patience=QUICK)
    assert (first.before.trials, bool(first.after), first.refusal) == (4, False, None)
    assert told(database) == _whole(4)
    (again,) = sync("story", home=home, patience=QUICK)
    assert not again.before
    assert told(database) == _whole(4)


def test_a_trial_that_is_interrupted_at_once_is_recorded_like_any_other(tmp_path: Path, told: Told) -> None:
    """Oracle: MLflow's database. The signal comes before the running trial was old enough to be shown."""
    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    story = Story(tmp_path, database, 2)
    story.train(1)
    suggestion = story.director.suggest()
    assert suggestion is not None
    assert story.recorder is not None
    story.director.started(suggestion.number)
    story.recorder.interrupt()
    story.recorder.close()
    assert told(database) == [*_whole(1), ("story/all/0001", "interrupted", [])]


def test_a_home_that_was_moved_keeps_what_its_store_has_and_another_store_has_nothing(tmp_path: Path) -> None:
    """Oracle: the files that say what was delivered, by hand; the home's own store has a folder of files."""
    story = Story(tmp_path, "sqlite:////before/mlflow.db", 1, recorded=False)
    write_posting(story.folder, replace(story.posting, artifact_root=Path("/before/artifacts"), delivered=True))
    delivered = story.folder.search("all") / "delivered.json"
    delivered.write_text("[0]")
    readdress(story.folder, "sqlite:////after/mlflow.db", Path("/after/artifacts"))
    moved = read_posting(story.folder)
    assert moved is not None
    assert (moved.tracking_uri, moved.artifact_root) == ("sqlite:////after/mlflow.db", Path("/after/artifacts"))
    assert (moved.delivered, delivered.exists()) == (True, True)
    readdress(story.folder, "http://127.0.0.1:9", None)
    other = read_posting(story.folder)
    assert other is not None
    assert (other.tracking_uri, other.delivered, delivered.exists()) == ("http://127.0.0.1:9", False, False)


def test_running_trials_are_shown_however_much_happens(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: MLflow's database, while others' records come without a pause."""
    monkeypatch.setattr("tuner.dispatch.recorder._LIVE_EVERY_S", 0.2)
    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    story = Story(tmp_path, database, 1)
    assert story.recorder is not None
    suggestion, began = story.director.suggest(), threading.Event()
    assert suggestion is not None
    story.recorder.then(began.set)
    assert began.wait(60)  # the store is open
    story.director.started(suggestion.number)
    for _ in range(75):  # 1.5 s without a moment's rest
        story.recorder.then(lambda: time.sleep(0.02))
    seen: list[list[tuple[str, str, list[int]]]] = []
    story.recorder.then(lambda: seen.append(told(database)))
    story.recorder.close()
    assert seen == [[("story/all/0000", "running", [])]]


@pytest.mark.parametrize("wrong", ["cannot be made", "has a single example"])
def test_a_model_that_cannot_be_kept_holds_nothing_else_up(tmp_path: Path, told: Told, wrong: str) -> None:
    """Oracle: MLflow's database has what came after it; what is lacking is said, and the search stays to be delivered.

    Neither is the store's doing: tried again, it would be refused for ever.
    """

    def model(_: object) -> ExportedModel:
        if wrong == "cannot be made":
            raise FileNotFoundError("the trainable is gone")
        return ExportedModel(torch.nn.Flatten(), torch.ones(1, 2))

    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    story = Story(tmp_path, database, 2)
    story.train(1)
    assert story.recorder is not None
    closed = Closed(
        budget={}, ended_by=None, record=story.record, test_metrics={}, finals=(), files={},
        export=Export(trainable="", config={}, runtime={}, seed=1, checkpoint="", best=0, final=None),
    )  # fmt: skip
    folder = story.folder.search("all")
    write_closed(folder, closed)
    hand_over(story.recorder, story.image, folder, closed, model)
    story.train(1)
    story.recorder.close()
    assert told(database) == _whole(2)
    assert story.recorder.refusal is None
    (line,) = story.recorder.lacks
    assert line.startswith("no model of story/all could be kept: ")
    assert line.endswith("the trainable is gone" if wrong == "cannot be made" else "but got 1")
    assert (waiting(story.folder).trials, waiting(story.folder).searches) == (0, 1)


@pytest.mark.long
def test_a_locked_database_stops_no_training_and_gets_all_once(tmp_path: Path, told: Told, locked: Locked) -> None:
    """Oracle: MLflow's database, and a clock: no call of the search took as long as a refused write (5 s)."""
    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    story = Story(tmp_path, database, 6)
    story.train(1)
    _wait(lambda: (story.folder.search("all") / "delivered.json").exists(), "the first trial was not delivered")
    assert story.recorder is not None
    with locked(tmp_path / "mlflow.db"):
        assert story.train(4) < 2
        _wait(lambda: story.recorder is not None and story.recorder.refusal is not None, "it was not refused")
    story.train(1)
    _wait(lambda: story.recorder is not None and story.recorder.refusal is None, "it was not taken again")
    story.recorder.close()
    assert story.recorder.refusal is None
    assert told(database) == _whole(6)


@pytest.mark.long
def test_a_store_on_a_full_disk_gets_everything_once_there_is_room(
    tmp_path: Path, told: Told, small_disk: Callable[[int], Path]
) -> None:
    """Oracle: MLflow's database on a disk of 12 MB, filled to the last byte, then cleared; the message names both."""
    disk = small_disk(12_000_000)
    database = f"sqlite:///{disk / 'mlflow.db'}"
    story = Story(tmp_path, database, 30)
    story.train(1)
    _wait(lambda: (story.folder.search("all") / "delivered.json").exists(), "the first trial was not delivered")
    with closing(sqlite3.connect(disk / "mlflow.db", timeout=30)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # or what the file's journal once took would do
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4_096))
    story.train(29)
    recorder = story.recorder
    assert recorder is not None
    _wait(lambda: recorder.refusal is not None, "it was not refused")
    assert recorder.refusal is not None
    assert f"the disk is full: {disk / 'mlflow.db'} needs more room, " in reason(story.posting, recorder.refusal)
    ballast.unlink()
    _wait(lambda: recorder.refusal is None, "it was not taken again")
    recorder.close()
    assert recorder.refusal is None
    assert told(database) == _whole(30)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_server_that_hangs_and_one_that_dies_get_everything_once(
    tmp_path: Path, told: Told, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the server's database. The search trains on while it is stopped, goes on, is killed, is started again."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    server.start()
    story = Story(tmp_path, server.uri, 7)
    delivered = story.folder.search("all") / "delivered.json"
    story.train(1)
    _wait(delivered.exists, "the first trial was not delivered")
    assert story.recorder is not None
    server.signal(signal.SIGSTOP)
    assert story.train(3) < 1
    _wait(lambda: story.recorder is not None and story.recorder.refusal is not None, "it was not refused")
    time.sleep(3)  # several requests for one and the same run are now waiting in the server's socket
    server.signal(signal.SIGCONT)
    _wait(lambda: delivered.read_text().split() == ["[", "0,", "1,", "2,", "3", "]"], "what waited was not delivered")
    server.kill()
    assert story.train(3) < 1
    _wait(lambda: story.recorder is not None and story.recorder.refusal is not None, "it was not refused")
    story.recorder.close()
    assert story.recorder.refusal is not None
    story.leave()
    (away,) = sync("story", home=tmp_path, patience=QUICK)
    assert (away.before.trials, away.after.trials) == (3, 3)
    assert away.refusal
    server.start()
    (back,) = sync("story", home=tmp_path)
    assert (back.before.trials, back.after.trials) == (3, 0)
    server.kill()
    assert told(server.database) == _whole(7)
    (nothing,) = sync("story", home=tmp_path, patience=QUICK)  # with nobody there to ask
    assert not nothing.before
