"""What searches cost. Oracle: hand-worked trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from results.cost import cost
from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord, TrialState


def trial(
    number: int,
    start_s: float,
    end_s: float | None,
    epochs: int,
    *,
    state: TrialState = TrialState.COMPLETE,
    by: str | None = None,
    epoch_s: float | None = 1.0,
) -> TrialRecord:
    """A trial that began and ended at these seconds."""
    metrics = {"val/accuracy": 0.5} | ({} if epoch_s is None else {"time/epoch_s": epoch_s})
    at_s = [start_s + n for n in range(1, epochs + 1)]
    return TrialRecord(
        trial_id=f"s/c/{number:04d}",
        number=number,
        config={},
        seed=1,
        state=state,
        started_at_ms=int(start_s * 1000),
        ended_at_ms=None if end_s is None else int(end_s * 1000),
        stopped_by=by,
        results=tuple(ResultRecord(step=n, at_ms=int(at * 1000), metrics=metrics) for n, at in enumerate(at_s, 1)),
    )


def outcome(ran: Sequence[TrialRecord], key: str = "c", finals: Sequence[TrialRecord] = (), **params: Any) -> Any:
    search = SearchRecord(
        search_id=f"s/{key}",
        key=key,
        cell={},
        metric="val/accuracy",
        mode="max",
        started_at_ms=0,
        params={"trials": 5, "budget": "10 epoch", "scheduler": "asha", "stoppers": "none", **params},
    )
    return SearchOutcome(search=search, trials=ran, finals=finals)


FOUR = [
    trial(0, 0, 12, 10),
    trial(1, 0, 4, 3, state=TrialState.STOPPED, by="asha"),
    trial(2, 4, 12, 6, state=TrialState.STOPPED, by="trial_plateau"),
    trial(3, 12, 20, 1, state=TrialState.CRASHED),
]


def test_one_search() -> None:
    """Oracle: by hand: 10 + 3 + 6 + 1 epochs of 1 s; cut trials left out 7 + 4; two slots of 20 s, computing for 20."""
    finals = [trial(0, 20, 40, 9), trial(1, 20, 40, 9)]
    found = cost([outcome(FOUR, finals=finals, resources="cpu=4, gpu=0.25")])
    (search,) = found.searches
    assert (search.trials, search.planned, search.epochs, search.full, search.saved) == (4, 5, 20, 50, 11)
    assert search.saved_share == pytest.approx(11 / 31)
    assert search.stopped == {"asha": 1, "trial_plateau": 1}
    assert search.failures == {"crashed": 1}
    assert (search.device, search.compute_s, search.device_s) == ("gpu", 20, 5)
    assert (search.wall_s, search.slots, search.overhead) == (20, 2, 0.5)
    assert (search.finals, search.final_epochs, search.final_device_s) == (2, 18, 4.5)
    assert len(found.table.rows) == 1
    assert found.warnings == ()


def test_times_of_trials_that_do_not_tell_their_epochs() -> None:
    """Oracle: the clock of start and end; cores multiply, and without a recorded demand there is one."""
    mute = [trial(0, 0, 12, 10, epoch_s=None), trial(1, 12, 14, 0, state=TrialState.CRASHED)]
    (four,) = cost([outcome(mute, resources="cpu=4, gpu=0")]).searches
    assert (four.device, four.compute_s, four.device_s, four.overhead) == ("cpu", 14, 56, 0)
    (one,) = cost([outcome(mute)]).searches
    assert (one.device, one.device_s) == ("cpu", 14)


def test_nothing_run_and_nothing_told() -> None:
    """Oracle: what is not known is None, not 0."""
    (search,) = cost([outcome([], trials=None, budget="")]).searches
    assert (search.planned, search.full, search.overhead, search.saved_share) == (None, None, None, None)
    (running,) = cost([outcome([trial(0, 0, None, 2, state=TrialState.RUNNING)])]).searches
    assert (running.epochs, running.wall_s, running.overhead) == (2, 2, 0)


def test_the_total_is_of_all_searches() -> None:
    """Oracle: by hand: twice the search above; shares of sums stay as they are."""
    table = cost([outcome(FOUR), outcome(FOUR, "d")]).table
    total = table.records()[-1]
    assert {name: total[name] for name in ("search", "trials", "planned", "epochs", "full", "saved")} == {
        "search": "total",
        "trials": 8,
        "planned": 10,
        "epochs": 40,
        "full": 100,
        "saved": 22,
    }
    assert (total["saved_share"], total["overhead"]) == (0.355, 0.5)
    assert (total["stopped"], total["failures"]) == ({"asha": 2, "trial_plateau": 2}, {"crashed": 2})
    assert (total["device_s"], total["wall_s"]) == (40, None)
    mixed = cost([outcome(FOUR), outcome(FOUR, "d", resources="gpu=1")]).table.records()[-1]
    assert (mixed["device"], mixed["device_s"]) == (None, None)  # core-seconds and GPU-seconds have no sum


def test_unequal_budgets_are_told() -> None:
    """Oracle: by hand; what early stopping explains (epochs run) is no warning."""
    short = [trial(n, n, n + 1, 1) for n in range(4)]
    assert cost([outcome(FOUR[:3]), outcome(short[:3], "d")]).warnings == ()
    assert cost([outcome(short), outcome(short, "d", budget="20 epoch"), outcome(short, "e")]).warnings == (
        "the budget of a trial differs: 10 epoch in c, e; 20 epoch in d",
    )
    assert cost([outcome(short), outcome(short[:2], "d", trials=2)]).warnings == (
        "the trials planned differ: 5 in c; 2 in d",  # that fewer ran follows from it
    )
    assert cost([outcome(short), outcome(short[:3], "d")]).warnings == ("the trials run differ: 4 in c; 3 in d",)
    assert cost([outcome(short), outcome(FOUR, "d")]).warnings == (
        "the trials that did not fail differ: 4 in c; 3 in d",
    )
    assert cost([outcome(short), outcome(short, "d", stoppers="time_budget(seconds=60)")]).warnings == (
        "the rules that cut trials differ: asha in c; asha and time_budget(seconds=60) in d",
    )
    running = [*short, trial(4, 9, None, 1, state=TrialState.RUNNING)]
    assert cost([outcome(short), outcome(running, "d")]).warnings == (
        "not finished, so this is not all that they cost: d",
    )


def test_many_searches_are_counted() -> None:
    """Oracle: three of a group are named, the rest counted."""
    many = [outcome(FOUR, f"s{n}", trials=5 + n // 5) for n in range(31)]
    (warning,) = cost(many).warnings
    assert warning.startswith("the trials planned differ: 5 in s0, s1, s2 and 2 more; 6 in s5, s6, s7 and 2 more;")
    assert warning.endswith("; 3 other values in 11 more")
