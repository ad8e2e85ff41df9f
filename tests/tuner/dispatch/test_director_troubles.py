"""The Director when something goes wrong: nodes lost, disks full, trials that fail, crash or report nonsense."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from disk import DiskFullError
from results.records import TrialState
from tuner.dispatch.director import MOST_LOSSES, Director
from tuner.dispatch.history import History
from tuner.dispatch.ledger import Ledger
from tuner.dispatch.troubles import ERROR, HALT, STATE, SearchError
from tuner.plan import Plugin

from .directing import drive, events, make_search, open_director, rising


def test_a_trial_whose_node_is_lost_goes_on_where_it_stood(tmp_path: Path) -> None:
    """Oracle: given out again, with its seed, after two epochs; its losses are counted in the ledger."""
    director = open_director(make_search(trials=1), tmp_path)
    first = director.suggest()
    assert first is not None
    for epoch in (1, 2):
        director.result(0, {"epoch": epoch, "val/accuracy": 0.1 * epoch})
    for _ in range(MOST_LOSSES):
        assert director.finished
        director.lost(0, "its node has died")
        assert not director.finished
        director = open_director(make_search(trials=1), tmp_path)
        again = director.suggest()
        assert again == replace(first, done=2, best_step=2, best=0.2)
    director.lost(0, "its node has died")
    assert director.finished
    (trial,) = History("s/all", Ledger(tmp_path / "ledger.jsonl")).trials
    assert (trial.state, trial.error) == (TrialState.CRASHED, "its node has died")


def test_a_trial_that_is_ended_from_outside_tells_why_and_not_how(tmp_path: Path) -> None:
    """Oracle: the reason given before its process was killed, not the dead process; nor is it taken for a lost node."""
    director = open_director(make_search(trials=2, max_concurrent=2), tmp_path)
    for number in (0, 1):
        director.suggest()
        director.fail(number, TrialState.TIMED_OUT, "no result within 15 s")
    director.end(0, crash=(TrialState.CRASHED, "the actor died"))
    director.lost(1, "its node has died")
    trials = History("s/all", Ledger(tmp_path / "ledger.jsonl")).trials
    assert {(trial.state, trial.error) for trial in trials} == {(TrialState.TIMED_OUT, "no result within 15 s")}


@pytest.mark.parametrize("where", ["ledger", "trial"])
def test_a_full_disk_halts_the_search_and_fails_no_trial(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the ledger of a run that never met it. The ledger finds no room, or a trial says that it found none."""
    drive(open_director(make_search(), tmp_path / "whole"), rising)
    director = open_director(make_search(), tmp_path / "cut")
    drive(director, rising, kill_after=12)
    full = DiskFullError(tmp_path / "x.pt", 10, 5)
    if where == "ledger":

        def refuse(*_: object) -> None:
            raise full

        monkeypatch.setattr("tuner.dispatch.ledger.append_line", refuse)
        with pytest.raises(DiskFullError):
            director.result(1, {"epoch": 4, "val/accuracy": 0.9})
        monkeypatch.undo()
    else:
        assert director.result(1, {HALT: str(full)})
    assert director.result(1, {"epoch": 5, "val/accuracy": 0.9})  # what comes after is not taken in
    director.end(1, crash=(TrialState.CRASHED, "cut by Tune"))
    director.close_cut_trials()
    assert director.finished
    assert director.suggest() is None
    assert "x.pt needs 10 B, 5 B free" in str(director.error)
    drive(open_director(make_search(), tmp_path / "cut"), rising)
    assert events(tmp_path / "cut") == events(tmp_path / "whole")


def test_an_observer_that_fails_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Oracle: the ledger of a search without observers; the next observer hears of all; the trouble is said once."""

    def refuse(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    drive(open_director(make_search(), tmp_path / "alone"), rising)
    heard: list[str] = []
    ledger = Ledger(tmp_path / "followed" / "ledger.jsonl")
    followed = Director(make_search(), ledger, observers=(refuse, lambda event: heard.append(event["event"])))
    drive(followed, rising)
    assert events(tmp_path / "followed") == events(tmp_path / "alone")
    assert heard == [event["event"] for event in ledger]
    said = [record.message for record in caplog.records if record.name == "tuner.dispatch.observers"]
    assert [line.rpartition(": ")[2] for line in said] == ["[Errno 28] No space left on device"]


def test_a_trial_that_ended_twice_ended_as_the_first_says(tmp_path: Path) -> None:
    """Oracle: the ledger before the second end, which older code wrote where an observer failed: it still opens."""
    drive(open_director(make_search(trials=2), tmp_path), rising)
    path = tmp_path / "ledger.jsonl"
    before = History("s/all", Ledger(path)).trials
    with path.open("a") as file:
        end = {"event": "end", "trial": 1, "state": "crashed", "stopped_by": None, "error": "disk full"}
        file.write(json.dumps({**end, "clock": {"at_ms": 2_000_000}}) + "\n")
    assert History("s/all", Ledger(path)).trials == before
    director = open_director(make_search(trials=3), tmp_path)
    drive(director, rising)
    assert director.finished
    assert [event["trial"] for event in events(tmp_path, "end")] == [0, 1, 1, 2]


def test_failures_are_counted_ranked_last_and_end_the_search_at_their_budget(tmp_path: Path) -> None:
    """Oracle: a budget of 1 failure is exceeded by the second one, which is the third trial."""
    director = open_director(make_search(stoppers=(Plugin("failure_budget", {"max": 1}),)), tmp_path)
    outcomes = ["crash", "fine", "nan", "never"]
    for outcome in outcomes:
        suggestion = director.suggest()
        if suggestion is None:
            break
        match outcome:
            case "crash":
                director.end(suggestion.number, crash=(TrialState.CRASHED, "boom"))
            case "fine":
                director.result(suggestion.number, {"epoch": 9, "val/accuracy": 0.5})
                director.end(suggestion.number)
            case "nan":
                assert director.result(suggestion.number, {"epoch": 1, "val/accuracy": float("nan")})
                director.end(suggestion.number)
    assert director.ended_by == "failure_budget"
    states = [trial.state for trial in History("s", Ledger(tmp_path / "ledger.jsonl")).trials]
    assert states == [TrialState.CRASHED, TrialState.COMPLETE, TrialState.DIVERGED]


def test_a_trial_that_reports_its_own_failure_keeps_its_process(tmp_path: Path) -> None:
    """Oracle: the state named in the result is the state in the ledger."""
    director = open_director(make_search(), tmp_path)
    suggestion = director.suggest()
    assert suggestion is not None
    assert director.result(0, {STATE: "out_of_memory", ERROR: "no room"})
    director.end(0)
    assert events(tmp_path, "end") == [
        {"event": "end", "trial": 0, "state": "out_of_memory", "stopped_by": None, "error": "no room"}
    ]


@pytest.mark.parametrize("missing", ["epoch", "val/accuracy"])
def test_a_result_without_budget_key_or_metric_is_an_error(tmp_path: Path, missing: str) -> None:
    """Oracle: the message names the key, where the study says it, and what was reported instead."""
    director = open_director(make_search(), tmp_path)
    director.suggest()
    metrics = {"epoch": 1, "val/accuracy": 0.5, "other": 1.0}
    del metrics[missing]
    assert director.result(0, metrics)
    assert isinstance(director.error, SearchError)
    assert missing in str(director.error)
    assert "search." in str(director.error)
    assert "other" in str(director.error)
