"""Optuna's TPE: conditions define-by-run, integers, starting points, failures, and its manners."""

import logging

import optuna
import pytest

from search_spaces.space import Space
from tuner.dispatch.searchers.base import build_searcher
from tuner.plan import Plugin


def build(space, *, mode="min", seed=0, start_with=(), **options):
    plugin = Plugin("optuna", {"n_initial": 5, **options})
    return build_searcher(plugin, Space.parse(space), mode=mode, seed=seed, start_with=start_with)


@pytest.mark.parametrize("multivariate", [True, False])
@pytest.mark.parametrize("constant_liar", [True, False])
def test_conditions_and_ranges_per_branch_hold_over_a_long_search(multivariate, constant_liar):
    space = {
        "loss": {"choice": ["cosine", "class_proximity", "push_pull", "cross_entropy"]},
        "dim": {"int": [2, 2048], "when": {"loss": {"not": "cross_entropy"}}},
        "r": [
            {"when": {"loss": "class_proximity"}, "loguniform": [1e3, 1e6]},
            {"when": {"loss": "push_pull"}, "choice": [0.95, 0.5]},
        ],
        "noise": {"normal": {"mean": 0, "std": 1, "low": -1, "high": 40}, "when": {"loss": "cosine"}},
        "width": {"logint": [1, 512], "when": {"loss": "push_pull"}},
    }
    parsed = Space.parse(space)
    searcher = build(space, multivariate=multivariate, constant_liar=constant_liar)
    losses = []
    for number in range(100):
        config = searcher.suggest(number)
        assert parsed.check(config) == []
        losses.append(config["loss"])
        if number % 4:  # every fourth still runs
            searcher.observe(number, len(config["loss"]) + config.get("noise", 0))
    assert losses[50:].count("cosine") > losses[50:].count("class_proximity")


def test_integers_are_integers_in_their_bounds_over_a_thousand_suggestions():
    space = {"dim": {"int": [2, 5]}, "width": {"logint": [1, 64]}}
    parsed = Space.parse(space)
    seen = {name: set() for name in space}
    for seed in range(25):
        searcher = build(space, seed=seed, n_candidates=4)
        for number in range(40):
            config = searcher.suggest(number)
            assert parsed.check(config) == []
            for name, value in config.items():
                assert type(value) is int
                seen[name].add(value)
            searcher.observe(number, -config["dim"] + (config["width"] if seed % 2 else -config["width"]))
    assert seen["dim"] == {2, 3, 4, 5}
    assert {min(seen["width"]), max(seen["width"])} == {1, 64}


def test_real_values_reach_neither_beyond_nor_short_of_odd_bounds():
    """Bounds whose logarithm or quantile does not lead back exactly."""
    space = {
        "a": {"loguniform": [0.1, 0.3]},
        "b": {"normal": {"mean": 0.1, "std": 0.3, "low": -0.7, "high": 0.7}},
        "c": {"uniform": [0.1, 0.30000000000000004]},
    }
    parsed = Space.parse(space)
    for mode in ("min", "max"):
        searcher = build(space, mode=mode)
        for number in range(150):
            config = searcher.suggest(number)
            assert parsed.check(config) == []
            assert all(type(value) is float for value in config.values())
            searcher.observe(number, sum(config.values()))


@pytest.mark.parametrize(("mode", "sign"), [("min", 1), ("max", -1)])
def test_starting_points_teach_it(mode, sign):
    """Two known points and no random trials: TPE stays near the good one, in either mode."""
    points = [{"x": 0.1}, {"x": 0.9}]
    near = []
    for seed in range(20):
        searcher = build({"x": {"uniform": [0, 1]}}, mode=mode, seed=seed, start_with=points, n_initial=2)
        for number, value in ((0, sign * 1.0), (1, 0.0)):
            searcher.suggest(number)
            searcher.observe(number, value)
        near.append(searcher.suggest(2)["x"] > 0.5)
    assert sum(near) >= 14


def ranked(space, fails, bad):
    """Suggestions of a search in which every trial with `fails(config)` ends with the value `bad`."""
    searcher = build(space, mode="max")
    configs = []
    for number in range(30):
        configs.append(searcher.suggest(number))
        searcher.observe(number, bad if fails(configs[-1]) else configs[-1]["x"] - 2)
    return configs


@pytest.mark.parametrize("failure", [None, float("nan"), float("inf"), float("-inf")])
def test_a_failed_trial_counts_as_one_that_is_worse_than_all_others(failure):
    """Oracle: the same search with a finite value below all others in place of the failure."""
    space = {"x": {"uniform": [0, 1]}, "m": {"choice": ["a", "b"]}}
    for fails in (lambda config: config["x"] > 0.5, lambda config: config["m"] == "b"):
        assert ranked(space, fails, failure) == ranked(space, fails, -10.0)


def test_options_that_python_takes_for_equal_stay_apart():
    space = Space.parse({"x": {"choice": [1, True, "1", [1], None]}})
    searcher = build({"x": {"choice": [1, True, "1", [1], None]}}, start_with=[{"x": True}, {"x": [1]}])
    assert searcher.suggest(0)["x"] is True
    assert searcher.suggest(1)["x"] == [1]
    seen = [searcher.suggest(number)["x"] for number in range(2, 40)]
    assert {repr(value) for value in seen} == {"1", "True", "'1'", "[1]", "None"}
    assert all(space.check({"x": value}) == [] for value in seen)


def test_it_says_nothing_and_leaves_optunas_verbosity_alone(capfd):
    optuna.logging.set_verbosity(logging.INFO)
    searcher = build({"x": {"uniform": [0, 1]}}, start_with=[{"x": 0.5}])
    for number in range(8):
        searcher.suggest(number)
        searcher.observe(number, None if number == 3 else 1.0)
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == logging.INFO
