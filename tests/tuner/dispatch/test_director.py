"""The Director without a cluster: what stops which trial when, and that a ledger brings everything back."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from disk import DiskFullError
from results.records import TrialState
from search_spaces.space import Space
from tuner.dispatch.director import MOST_LOSSES, Director
from tuner.dispatch.history import History
from tuner.dispatch.ledger import Ledger
from tuner.dispatch.troubles import ERROR, HALT, STATE, SearchError
from tuner.plan import Plugin, Resources, Search


def make_search(**changes: Any) -> Search:
    """A search over one number, `x` in 0..1, that maximises `val/accuracy` over at most 9 epochs."""
    search = Search(
        key="all",
        cell={},
        fixed={},
        space=Space.parse({"x": {"uniform": [0.0, 1.0]}}),
        start_with=(),
        seed=1,
        trainable="unused",
        metric="val/accuracy",
        mode="max",
        trials=6,
        budget_key="epoch",
        budget_max=9,
        max_concurrent=1,
        searcher=Plugin("random"),
        scheduler=Plugin("fifo"),
        stoppers=(),
        resources=Resources(),
    )
    return replace(search, **changes)


class Clock:
    """A clock that only moves when told to, so that ledgers can be compared."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def open_director(search: Search, folder: Path, now: Callable[[], float] | None = None) -> Director:
    return Director(search, Ledger(folder / "ledger.jsonl"), now=now or Clock())


def drive(director: Director, curve: Callable[[float, int], float], *, kill_after: int | None = None) -> int:
    """Train the trials one at a time with a made-up learning curve; returns how many results were given."""
    given = 0
    while (suggestion := director.suggest()) is not None:
        director.started(suggestion.number)
        step = suggestion.done
        stop = False
        while not stop:
            step += 1
            value = curve(suggestion.config["x"], step)
            if kill_after is not None and given == kill_after:
                return given
            stop = director.result(suggestion.number, {"epoch": step, "val/accuracy": value, "time/epoch_s": 0.1})
            given += 1
        director.end(suggestion.number)
    return given


def events(folder: Path, *kinds: str) -> list[dict[str, Any]]:
    """The ledger without clocks, sessions and starts: what must be equal between two runs."""
    kept = kinds or ("suggest", "result", "end", "search_end")
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "clock"} for line in lines if line["event"] in kept]


def rising(x: float, step: int) -> float:
    return x * (1 - 0.5**step)


def test_every_trial_uses_its_budget_under_fifo(tmp_path: Path) -> None:
    """Oracle: 6 trials of 9 epochs are 54 results, and each ends complete."""
    director = open_director(make_search(), tmp_path)
    assert drive(director, rising) == 54
    assert director.finished
    assert [event["state"] for event in events(tmp_path, "end")] == ["complete"] * 6


def test_asha_stops_the_worse_trials_at_its_rungs(tmp_path: Path) -> None:
    """Oracle: rungs 1, 3, 9 and reduction 3: of falling values 1.0, 0.9, ... each is below the cutoff at 1."""
    values = iter([1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
    by_x: dict[float, float] = {}

    def curve(x: float, _step: int) -> float:
        return by_x.setdefault(x, by_x[x] if x in by_x else next(values))

    asha = Plugin("asha", {"grace_period": 1, "reduction_factor": 3, "brackets": 1})
    director = open_director(make_search(scheduler=asha), tmp_path)
    drive(director, curve)
    ends = events(tmp_path, "end")
    assert [(end["state"], end["stopped_by"]) for end in ends] == [("complete", None)] + [("stopped", "asha")] * 5
    last_steps = {event["trial"]: event["step"] for event in events(tmp_path, "result")}
    assert last_steps == {0: 9, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1}


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


def test_trial_plateau_stops_after_patience_results_without_gain(tmp_path: Path) -> None:
    """Oracle: the curve rises until epoch 4 and then stays; patience 2 stops at epoch 6."""
    plateau = Plugin("trial_plateau", {"patience": 2, "min_delta": 0.01, "relative": False})
    director = open_director(make_search(stoppers=(plateau,), trials=1), tmp_path)
    drive(director, lambda _x, step: min(step, 4) / 10)
    assert events(tmp_path, "result")[-1]["step"] == 6
    assert events(tmp_path, "end")[0]["stopped_by"] == "trial_plateau"


def test_reaching_the_target_ends_the_search(tmp_path: Path) -> None:
    """Oracle: 0.5 is reached at epoch 5 of the first trial; no second trial starts."""
    director = open_director(make_search(stoppers=(Plugin("target", {"value": 0.5}),)), tmp_path)
    drive(director, lambda _x, step: step / 10)
    assert director.ended_by == "target"
    assert director.over
    assert [event["trial"] for event in events(tmp_path, "suggest")] == [0]
    assert events(tmp_path, "result")[-1]["step"] == 5


def test_time_budget_counts_running_time_only(tmp_path: Path) -> None:
    """Oracle: 60 s are spent over two sessions with a night between them; 100 s are reached in the second."""
    search = make_search(stoppers=(Plugin("time_budget", {"seconds": 100.0}),))
    clock = Clock()
    first = open_director(search, tmp_path, clock)
    suggestion = first.suggest()
    assert suggestion is not None
    clock.now += 60
    first.result(0, {"epoch": 1, "val/accuracy": 0.1})
    clock.now += 50_000
    second = open_director(search, tmp_path, clock)
    second.tick()
    assert not second.over
    clock.now += 41
    second.tick()
    assert second.ended_by == "time_budget"


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


SCHEDULERS = [
    Plugin("fifo"),
    Plugin("asha", {"grace_period": 1, "reduction_factor": 3, "brackets": 3}),
    Plugin("median", {"grace_period": 1, "min_samples_required": 2, "min_time_slice": 0}),
]


@pytest.mark.parametrize("searcher", ["random", "hyperopt", "optuna"])
@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=lambda plugin: plugin.name)
def test_killed_runs_leave_the_ledger_of_an_uninterrupted_one(tmp_path: Path, searcher: str, scheduler: Plugin) -> None:
    """Oracle: the same search run without a kill. Kills fall at random results."""
    plateau = Plugin("trial_plateau", {"patience": 3, "min_delta": 0.01, "relative": False})
    search = make_search(searcher=Plugin(searcher), scheduler=scheduler, stoppers=(plateau,), trials=12)
    drive(open_director(search, tmp_path / "whole"), rising)

    kills: Iterator[int] = iter(random.Random(3).choices(range(12), k=200))  # noqa: S311  (a draw, not a secret)
    director = open_director(search, tmp_path / "killed")
    while not director.finished:
        drive(director, rising, kill_after=next(kills))
        director = open_director(search, tmp_path / "killed")
    assert events(tmp_path / "killed") == events(tmp_path / "whole")


def test_a_ledger_of_other_code_is_refused(tmp_path: Path) -> None:
    """Oracle: the suggestion in the ledger is not the one that the searcher makes."""
    drive(open_director(make_search(trials=1), tmp_path), rising)
    path = tmp_path / "ledger.jsonl"
    path.write_text(path.read_text().replace('"x":0.', '"x":0.9'))
    with pytest.raises(SearchError, match="--fresh"):
        open_director(make_search(trials=1), tmp_path)


def test_more_trials_go_on_with_the_same_ledger(tmp_path: Path) -> None:
    """Oracle: a search of 6 trials equals one of 4 that was then given 2 more."""
    drive(open_director(make_search(trials=6), tmp_path / "whole"), rising)
    drive(open_director(make_search(trials=4), tmp_path / "grown"), rising)
    drive(open_director(make_search(trials=6), tmp_path / "grown"), rising)
    assert events(tmp_path / "grown") == events(tmp_path / "whole")


def test_no_more_than_max_concurrent_trials_run_at_a_time(tmp_path: Path) -> None:
    """Oracle: the third suggestion waits until one of the two running trials has ended."""
    director = open_director(make_search(max_concurrent=2), tmp_path)
    assert director.suggest() is not None
    assert director.suggest() is not None
    assert director.suggest() is None
    assert not director.finished
    director.result(0, {"epoch": 9, "val/accuracy": 0.1})
    director.end(0)
    third = director.suggest()
    assert third is not None
    assert third.number == 2
