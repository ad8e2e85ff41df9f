"""Grid search. Oracle: Space.grid, and hand-written lists."""

import pytest

from search_spaces.space import Space
from search_spaces.violations import SpaceError
from tuner.dispatch.searchers.base import build_searcher
from tuner.plan import Plugin

SPACE = Space.parse(
    {
        "a": {"choice": ["x", "y"]},
        "b": {"int": [1, 2], "when": {"a": "x"}},
        "c": {"constant": 0.5},
    }
)


def suggestions(space, start_with=()):
    searcher = build_searcher(Plugin("grid"), space, mode="max", seed=0, start_with=start_with)
    found = []
    while (config := searcher.suggest(len(found))) is not None:
        found.append(config)
    assert searcher.suggest(len(found)) is None
    return found


def test_every_configuration_once_then_none():
    assert suggestions(SPACE) == [
        {"a": "x", "b": 1, "c": 0.5},
        {"a": "x", "b": 2, "c": 0.5},
        {"a": "y", "c": 0.5},
    ]


def test_starting_points_move_to_the_front():
    assert suggestions(SPACE, [{"a": "y"}, {"a": "x", "b": 2}]) == [
        {"a": "y", "c": 0.5},
        {"a": "x", "b": 2, "c": 0.5},
        {"a": "x", "b": 1, "c": 0.5},
    ]


def test_a_space_that_cannot_be_listed_is_refused_with_the_parameter_and_what_to_do():
    space = Space.parse({"lr": {"loguniform": [1e-4, 1e-2]}, "dim": {"int": [2, 2048]}, "k": {"int": [1, 2]}})
    with pytest.raises(SpaceError) as caught:
        suggestions(space)
    assert [v.path for v in caught.value.violations] == [("lr",), ("dim",)]
    assert "must be a choice, a constant or an int with at most 1000 values" in str(caught.value)
