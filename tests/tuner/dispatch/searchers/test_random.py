"""Random search."""

import pytest

from search_spaces.space import Space
from tuner.dispatch.searchers.base import build_searcher
from tuner.plan import Plugin

SPACE = Space.parse({"x": {"uniform": [0, 1]}, "n": {"int": [2, 5]}})


def build(seed=0, start_with=()):
    return build_searcher(Plugin("random"), SPACE, mode="max", seed=seed, start_with=start_with)


def test_a_suggestion_depends_on_its_number_alone():
    forwards, backwards = build(), build()
    first = [forwards.suggest(number) for number in range(10)]
    assert [backwards.suggest(number) for number in reversed(range(10))] == first[::-1]


def test_starting_points_leave_the_other_suggestions_alone():
    with_point, without = build(start_with=[{"x": 0.5}]), build()
    assert with_point.suggest(0)["x"] == 0.5
    assert with_point.suggest(1) == without.suggest(1)


def test_draws_are_spread_over_the_domains():
    """Oracle: the uniform distribution's mean and counts, with three standard deviations of room."""
    searcher = build()
    configs = [searcher.suggest(number) for number in range(2_000)]
    assert sum(config["x"] for config in configs) / 2_000 == pytest.approx(0.5, abs=0.02)
    for n in range(2, 6):
        assert [config["n"] for config in configs].count(n) == pytest.approx(500, abs=60)
