"""A trial that runs out of memory goes on with half of what the study names, and the ledger tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from results.records import TrialState
from search_spaces.space import Space
from tuner.dispatch.director import Director
from tuner.dispatch.history import History
from tuner.dispatch.ledger import Ledger
from tuner.dispatch.troubles import ERROR, STATE
from tuner.plan import Plugin, Search
from tuner.study import OutOfMemory

from .directing import events, make_search, open_director

FULL = {STATE: "out_of_memory", ERROR: "CUDA out of memory"}


def _search(**changes: Any) -> Search:
    policy = OutOfMemory(halve="batch_size", times=2)
    return make_search(**{"trials": 1, "fixed": {"batch_size": 9}, "out_of_memory": policy, **changes})


def _fill(director: Director) -> None:
    """The trial has a process, trains as far as it stands and one epoch more, and runs out of memory."""
    suggestion = director.suggest()
    assert suggestion is not None
    director.result(0, {"epoch": suggestion.done + 1, "val/accuracy": 0.1})
    assert director.result(0, FULL)
    director.end(0)


def test_it_goes_on_where_it_stood_with_half_until_it_has_failed_too_often(tmp_path: Path) -> None:
    """Oracle: 9, 4, 2 by hand; twice is the study's limit. Every session finds what the one before left."""
    for done, config in ((0, {}), (1, {"batch_size": 4}), (2, {"batch_size": 2})):
        director = open_director(_search(), tmp_path)
        assert not director.finished
        trial = director.suggest()
        assert trial is not None
        x = trial.config["x"]
        assert (trial.done, trial.config) == (done, {"x": x, **config})
        _fill(open_director(_search(), tmp_path))
    assert open_director(_search(), tmp_path).finished
    (record,) = History("s/all", Ledger(tmp_path / "ledger.jsonl")).trials
    assert (record.state, record.error) == (TrialState.OUT_OF_MEMORY, "CUDA out of memory")
    assert (record.config, len(record.results)) == ({"x": x, "batch_size": 2}, 3)
    assert [event["less"] for event in events(tmp_path, "retry")] == [{"batch_size": 4}, {"batch_size": 2}]


def test_a_process_that_was_killed_for_its_memory_is_the_same(tmp_path: Path) -> None:
    director = open_director(_search(), tmp_path)
    director.suggest()
    director.end(0, crash=(TrialState.OUT_OF_MEMORY, "killed"))
    assert (director.finished, [event["why"] for event in events(tmp_path, "retry")]) == (False, ["killed"])
    director.suggest()
    director.end(0, crash=(TrialState.CRASHED, "segmentation fault"))
    assert (director.finished, len(events(tmp_path, "retry"))) == (True, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"out_of_memory": None},
        {"fixed": {"batch_size": 1}},
        {"fixed": {}},
    ],
    ids=["not asked for", "nothing to halve", "not active"],
)
def test_else_it_has_failed(changes: dict[str, Any], tmp_path: Path) -> None:
    director = open_director(_search(**changes), tmp_path)
    _fill(director)
    assert (director.finished, events(tmp_path, "end")[0]["state"]) == (True, "out_of_memory")


def test_a_searched_value_is_halved_and_the_searcher_is_told_once(tmp_path: Path) -> None:
    """Oracle: the searcher sees one value a trial, for what it proposed; a replay proposes the same."""
    space = Space.parse({"batch_size": {"choice": [64]}})
    search = _search(space=space, fixed={}, trials=2, searcher=Plugin("hyperopt", {"n_initial": 1}))
    director = open_director(search, tmp_path)
    _fill(director)
    again = open_director(search, tmp_path)
    trial = again.suggest()
    assert trial is not None
    assert (trial.number, trial.config) == (0, {"batch_size": 32})
    again.result(0, {"epoch": 9, "val/accuracy": 0.5})
    again.end(0)
    assert [event["config"] for event in events(tmp_path, "suggest")] == [{"batch_size": 64}]
    last = open_director(search, tmp_path).suggest()
    assert last is not None
    assert (last.number, last.config) == (1, {"batch_size": 64})
