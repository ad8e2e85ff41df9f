"""What every searcher promises: one class of tests, run over all of them."""

import json
import math
import subprocess
import sys

import pytest

from search_spaces.space import Space
from search_spaces.violations import SpaceError
from tuner.dispatch.searchers.base import SEARCHERS, build_searcher
from tuner.options.searchers import SEARCHERS as OPTIONS
from tuner.plan import Plugin

# Finite, so that a grid search takes it too; every kind of condition, and branches with ranges of their own.
FINITE = {
    "loss": {"choice": ["a", "b", "c"]},
    "n": {"int": [1, 3], "when": {"loss": ["a", "b"]}},
    "r": [
        {"when": {"loss": "a"}, "logint": [1, 4]},
        {"when": {"loss": "b"}, "int": [-5, -4]},
        {"when": {"loss": "c"}, "constant": 0.95},
    ],
    "w": {"when": {"n": [2, 3], "loss": {"not": "b"}}, "choice": [16, 32]},
    "deep": {"when": {"w": {"not": 16}}, "choice": [[1, 2], [3]]},
}
REAL = {
    **FINITE,
    "lr": {"loguniform": [1e-4, 1e-2]},
    "momentum": {"uniform": [0, 0.9], "when": {"loss": {"not": "c"}}},
    "noise": {"normal": {"mean": 0, "std": 1, "low": -1, "high": 2}, "when": {"r": [1, 2, -5]}},
    "dim": {"int": [2, 2048]},
    "width": {"logint": [1, 512], "when": {"deep": [[3]]}},
}
SPACES = {name: FINITE if name == "grid" else REAL for name in SEARCHERS}
# Few initial trials, so that short tests reach the models.
OPTIONS_OF = {name: {"n_initial": 5} if "n_initial" in model.model_fields else {} for name, model in OPTIONS.items()}


def build(name, space=None, *, mode="max", seed=1, start_with=()):
    space = SPACES[name] if space is None else space
    plugin = Plugin(name, OPTIONS_OF[name])
    return build_searcher(plugin, Space.parse(space), mode=mode, seed=seed, start_with=start_with)


def score(config):
    """A value that depends on every parameter, and fails now and then."""
    total = sum(len(str(value)) + (value if isinstance(value, int | float) else 0) for value in config.values())
    return None if int(total * 7) % 5 == 0 else math.sin(total)


def interleave(searcher, n, concurrent=3):
    """Suggest n trials with several open at a time; they end in another order than they began."""
    configs, running = [], []
    for number in range(n):
        config = searcher.suggest(number)
        configs.append(config)
        running.append((number, score(config)))
        if len(running) == concurrent:
            ended = running.pop(number % concurrent)
            searcher.observe(*ended)
    return configs


@pytest.mark.parametrize("name", sorted(SEARCHERS))
class TestContract:
    def test_every_suggestion_holds_exactly_the_active_parameters_typed_and_in_bounds(self, name):
        space = Space.parse(SPACES[name])
        configs = interleave(build(name), 27)
        assert [(config, space.check(config)) for config in configs if space.check(config)] == []
        if name != "grid":  # which takes one value of the first parameter after the other
            assert {config["loss"] for config in configs} == {"a", "b", "c"}
        for config in configs:
            for key, domain in space.active(config).items():
                assert type(config[key]) is type(domain.cast(config[key]))
            assert json.loads(json.dumps(config)) == config

    def test_the_same_seed_and_calls_give_the_same_suggestions(self, name):
        first = interleave(build(name, seed=5), 25)
        assert interleave(build(name, seed=5), 25) == first
        if name != "grid":
            assert interleave(build(name, seed=6), 25) != first

    def test_another_process_with_other_hashes_replays_the_same_suggestions(self, name):
        """Oracle: this process. A killed search is resumed by this replay."""
        code = (
            "import sys, json, importlib.util as u;"
            f"spec = u.spec_from_file_location('contract', {__file__!r}); m = u.module_from_spec(spec);"
            "spec.loader.exec_module(m);"
            f"print(json.dumps(m.interleave(m.build({name!r}, start_with=[{{'loss': 'b'}}]), 25)))"
        )
        run = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": "123", "PYTHONPATH": ":".join(path for path in sys.path if path), "PATH": ""},
        )
        assert json.loads(run.stdout) == interleave(build(name, start_with=[{"loss": "b"}]), 25)

    def test_complete_starting_points_come_first_and_unchanged(self, name):
        points = [{"loss": "c", "r": 0.95}, {"loss": "a", "n": 2, "r": 3, "w": 32, "deep": [3]}]
        space = {key: entry for key, entry in FINITE.items() if key in SPACES[name]}
        searcher = build(name, space, start_with=points)
        assert [searcher.suggest(0), searcher.suggest(1)] == points

    def test_real_values_of_starting_points_keep_their_last_digit(self, name):
        if name == "grid":
            return
        space = {
            "a": {"normal": {"mean": 0.1, "std": 0.3, "low": -1, "high": 3}},
            "b": {"loguniform": [1e-5, 1]},
            "c": {"uniform": [0, 1]},
        }
        points = [{"a": x * 0.1, "b": x * 1e-4, "c": x / 7} for x in range(1, 7)]
        searcher = build(name, space, start_with=points)
        assert [searcher.suggest(number) for number in range(6)] == points

    def test_partial_starting_points_are_completed_by_the_seed_and_projected(self, name):
        points = [{"loss": "b", "w": 16}, {"loss": "c", "n": 3}]
        space = Space.parse(SPACES[name])
        configs = [build(name, seed=seed, start_with=points).suggest(0) for seed in (1, 1, 2, 3, 4)]
        assert configs[0] == configs[1]
        assert any(config != configs[0] for config in configs[2:])
        for config in configs:
            assert space.check(config) == []
            assert config["loss"] == "b"
            assert "w" not in config
        searcher = build(name, start_with=points)
        searcher.suggest(0)
        assert searcher.suggest(1)["loss"] == "c"

    def test_starting_points_that_become_equal_are_tried_once(self, name):
        points = [{"loss": "c", "r": 0.95, "n": n} for n in (1, 2, 3)]
        searcher = build(name, FINITE, start_with=points)
        configs = [searcher.suggest(number) for number in range(2)]
        assert configs[0] == {"loss": "c", "r": 0.95}
        searcher.observe(0, 1.0)
        if name == "grid":
            assert configs[1] != configs[0]

    def test_a_starting_point_outside_the_space_is_refused(self, name):
        with pytest.raises(SpaceError, match="n: must lie in"):
            build(name, start_with=[{"loss": "a", "n": 4}])

    def test_a_search_goes_on_when_trials_fail(self, name):
        space = Space.parse(SPACES[name])
        searcher = build(name)
        for number in range(20):
            assert space.check(searcher.suggest(number)) == []
            searcher.observe(number, (None, math.nan, math.inf, -math.inf, 1.0)[number % 5])

    def test_a_search_goes_on_when_every_trial_fails_or_none_has_ended(self, name):
        space = Space.parse(SPACES[name])
        failing, waiting = build(name), build(name)
        for number in range(15):
            assert space.check(failing.suggest(number)) == []
            failing.observe(number, None)
            assert space.check(waiting.suggest(number)) == []

    def test_equal_values_are_no_trouble(self, name):
        searcher = build(name)
        for number in range(15):
            assert searcher.suggest(number) is not None
            searcher.observe(number, 1.0)

    def test_a_space_without_anything_to_search_suggests_its_constants(self, name):
        space = {"a": {"constant": 0.95}, "b": {"choice": ["x"]}, "c": {"int": [3, 3], "when": {"b": "x"}}}
        searcher = build(name, space)
        expected = {"a": 0.95, "b": "x", "c": 3}
        assert searcher.suggest(0) == expected
        searcher.observe(0, 0.5)
        assert searcher.suggest(1) == (None if name == "grid" else expected)

    def test_an_empty_space_suggests_empty_configurations(self, name):
        assert build(name, {}).suggest(0) == {}

    def test_a_suggestion_is_the_callers_to_change(self, name):
        points = [{"loss": "c"}]
        searcher, untouched = build(name, start_with=points), build(name, start_with=points)
        for number in range(8):
            config = searcher.suggest(number)
            assert config == untouched.suggest(number)
            config.clear()
            searcher.observe(number, 0.0)
            untouched.observe(number, 0.0)

    def test_conditions_on_unknown_names_are_refused(self, name):
        with pytest.raises(SpaceError, match="must refer to a parameter, a factor of the grid or a fixed value"):
            build(name, {"a": {"int": [1, 2], "when": {"model": "big"}}})

    def test_numbers_are_suggested_once_and_observed_once_after_that(self, name):
        searcher = build(name)
        searcher.suggest(0)
        with pytest.raises(ValueError, match="suggested once"):
            searcher.suggest(0)
        with pytest.raises(ValueError, match="before its suggestion"):
            searcher.observe(3, 1.0)
        searcher.observe(0, 1.0)
        with pytest.raises(ValueError, match="number 0 again"):
            searcher.observe(0, 1.0)

    def test_any_seed_is_taken(self, name):
        for seed in (0, 2**31, 2**64 + 5, 10**30):
            assert build(name, seed=seed).suggest(0) is not None
