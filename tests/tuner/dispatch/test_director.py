"""The Director without a cluster: what stops which trial when, and that a ledger brings everything back."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tuner.dispatch.troubles import SearchError
from tuner.plan import Plugin, Search

from .directing import Clock, drive, events, make_search, open_director, rising


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


def often_nan(x: float, step: int) -> float:
    return rising(x, step) if step < 2 or x > 0.9 else math.nan


def budget(seconds: float) -> Search:
    """A search of two trials at a time with so much time."""
    return make_search(stoppers=(Plugin("time_budget", {"seconds": seconds}),), trials=4, max_concurrent=2)


def test_a_search_that_its_time_budget_ended_goes_on_where_it_was_raised(tmp_path: Path) -> None:
    """Oracle: 60 of 50 s are spent. 55 s and a night change nothing; with 1,000 s all trials train but the cut one."""
    clock = Clock()
    first = open_director(budget(50.0), tmp_path, clock)
    assert [first.suggest() is not None for _ in range(2)] == [True, True]
    first.result(0, {"epoch": 1, "val/accuracy": 0.1})
    clock.now += 60
    first.tick()
    assert first.ended_by == "time_budget"
    first.end(0)  # and then it was killed: the second one was not cut any more

    clock.now += 50_000
    same = open_director(budget(55.0), tmp_path, clock)
    assert same.finished
    assert same.ended_by == "time_budget"

    grown = open_director(budget(1_000.0), tmp_path, clock)
    assert not grown.over
    assert grown.waiting == 1
    for _ in range(2):  # the second one finds the search as the first left it
        grown = open_director(budget(1_000.0), tmp_path, clock)
        grown.tick()
        assert not grown.finished
    drive(grown, rising)
    assert [event["trial"] for event in events(tmp_path, "end")] == [0, 1, 2, 3]

    again = open_director(budget(1_000.0), tmp_path, clock)
    assert again.finished
    assert again.ended_by is None
    clock.now += 50_000
    assert len(events(tmp_path, "reopen")) == 1
    assert open_director(budget(50.0), tmp_path, clock).ended_by is None  # nothing is left that it could end


def test_a_search_that_a_budget_ended_stays_so_if_nothing_is_left_to_train(tmp_path: Path) -> None:
    """Oracle: both trials were given out and cut; what ended them is told still."""
    clock = Clock()
    search = replace(budget(50.0), trials=2)
    first = open_director(search, tmp_path, clock)
    assert [first.suggest() is not None for _ in range(2)] == [True, True]
    clock.now += 60
    first.tick()
    first.close_cut_trials()
    grown = open_director(replace(budget(1_000.0), trials=2), tmp_path, clock)
    assert grown.finished
    assert grown.ended_by == "time_budget"
    assert not open_director(replace(budget(1_000.0), trials=3), tmp_path, clock).finished


@pytest.mark.parametrize("raised", [(Plugin("failure_budget", {"max": 3}),), ()], ids=["raised", "taken out"])
def test_a_raised_failure_budget_goes_on_as_if_it_had_always_been_so_high(
    tmp_path: Path, raised: tuple[Plugin, ...]
) -> None:
    """Oracle: the ledger of a search that had it from the start, the first end aside, for a cut after each line."""
    small = make_search(stoppers=(Plugin("failure_budget", {"max": 1}),), trials=9)
    large = replace(small, stoppers=raised)
    whole = open_director(large, tmp_path / "whole")
    drive(whole, often_nan)
    expected = str(events(tmp_path / "whole"))
    drive(open_director(small, tmp_path / "grown"), often_nan)
    ended = len((tmp_path / "grown" / "ledger.jsonl").read_text().splitlines())
    drive(open_director(large, tmp_path / "grown"), often_nan)
    lines = (tmp_path / "grown" / "ledger.jsonl").read_text().splitlines(keepends=True)
    assert len(lines) > ended + 5
    for count in range(ended, len(lines) + 1):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "ledger.jsonl").write_text("".join(lines[:count]))
        director = open_director(large, folder)
        drive(director, often_nan)
        assert director.finished
        assert director.ended_by == whole.ended_by
        found = events(folder)
        found.remove({"event": "search_end", "by": "failure_budget"})
        assert str(found) == expected, count


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


ENDINGS = [
    (Plugin("target", {"value": 0.7}), rising),
    (Plugin("search_plateau", {"patience": 2, "min_delta": 0.01}), rising),
    (Plugin("failure_budget", {"max": 2}), often_nan),
]


@pytest.mark.parametrize(("stopper", "curve"), ENDINGS, ids=lambda value: getattr(value, "name", ""))
def test_a_search_that_a_stopper_ends_ends_there_wherever_it_was_cut(
    tmp_path: Path, stopper: Plugin, curve: Callable[[float, int], float]
) -> None:
    """Oracle: the ledger of the search that nobody cut, for a cut after each of its lines."""
    search = make_search(stoppers=(stopper,), trials=9)
    whole = open_director(search, tmp_path / "whole")
    drive(whole, curve)
    assert whole.ended_by == stopper.name
    expected = str(events(tmp_path / "whole"))  # as text: NaN differs from itself
    lines = (tmp_path / "whole" / "ledger.jsonl").read_text().splitlines(keepends=True)
    for count in range(len(lines) + 1):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "ledger.jsonl").write_text("".join(lines[:count]))
        director = open_director(search, folder)
        drive(director, curve)
        assert director.ended_by == stopper.name
        assert str(events(folder)) == expected, count


def test_a_ledger_that_tells_the_end_before_the_result_that_made_it_is_read_as_ever(tmp_path: Path) -> None:
    """Oracle: one end, by the target: ledgers were written in that order once."""
    search = make_search(stoppers=(Plugin("target", {"value": 0.5}),))
    drive(open_director(search, tmp_path), lambda _x, step: step / 10)
    path = tmp_path / "ledger.jsonl"
    *before, result, search_end, end = path.read_text().splitlines()
    path.write_text("\n".join([*before, search_end, result, end, ""]))
    director = open_director(search, tmp_path)
    assert director.finished
    assert director.ended_by == "target"
    assert [event["event"] for event in events(tmp_path)][-3:] == ["search_end", "result", "end"]


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
