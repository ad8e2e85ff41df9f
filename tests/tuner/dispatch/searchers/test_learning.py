"""That the model-based searchers are worth their name."""

import statistics

import pytest

from search_spaces.space import Space
from tuner.dispatch.searchers.base import build_searcher
from tuner.plan import Plugin

SPACE = Space.parse({"x": {"uniform": [-5, 5]}, "lr": {"loguniform": [1e-5, 1.0]}, "n": {"int": [0, 20]}})
TRIALS = 40


def regret(name, options, seed):
    """The best value found of a quadratic whose minimum is 0."""
    searcher = build_searcher(Plugin(name, options), SPACE, mode="min", seed=seed)
    values = []
    for number in range(TRIALS):
        config = searcher.suggest(number)
        values.append((config["x"] - 1) ** 2 + 10 * (config["lr"] ** 0.1 - 0.5) ** 2 + (config["n"] - 13) ** 2 / 10)
        searcher.observe(number, values[-1])
    return min(values)


@pytest.mark.parametrize("name", ["hyperopt", "optuna"])
def test_tpe_beats_random_search_on_a_quadratic(name):
    """Oracle: random search with as many trials; the medians of 16 and 100 searches."""
    by_chance = statistics.median(regret("random", {}, seed) for seed in range(100))
    by_model = statistics.median(regret(name, {"n_initial": 10}, seed) for seed in range(16))
    assert by_model < 0.7 * by_chance
