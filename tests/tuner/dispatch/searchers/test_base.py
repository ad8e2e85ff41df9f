"""Building a searcher by name, and its options held against the libraries' signatures."""

import inspect
import subprocess
import sys

import pytest
from hyperopt import tpe
from optuna.samplers import TPESampler

from search_spaces.space import Space
from tuner.dispatch.searchers.base import SEARCHERS, build_searcher, number_seed, starting_points
from tuner.options.searchers import SEARCHERS as OPTIONS
from tuner.options.searchers import HyperOpt, Optuna
from tuner.plan import Plugin

SPACE = Space.parse({"x": {"uniform": [0, 1]}, "n": {"int": [1, 9]}})
OWN = """
class Own:
    def __init__(self, space, options, *, mode, seed, start_with):
        self.given = (space, options, mode, seed, start_with)
    def suggest(self, number):
        return None
    def observe(self, number, value):
        pass
"""


def test_every_searcher_has_options_and_the_other_way_round():
    assert set(SEARCHERS) == set(OPTIONS)


@pytest.mark.parametrize(
    ("model", "callable_", "names", "ours"),
    [
        (
            HyperOpt,
            tpe.suggest,
            {
                "n_initial": "n_startup_jobs",
                "gamma": "gamma",
                "n_candidates": "n_EI_candidates",
                "prior_weight": "prior_weight",
            },
            {},
        ),
        (
            Optuna,
            TPESampler.__init__,
            {
                "n_initial": "n_startup_trials",
                "multivariate": "multivariate",
                "n_candidates": "n_ei_candidates",
                "constant_liar": "constant_liar",
            },
            {"multivariate": None},  # which Optuna takes as True where there is one objective
        ),
    ],
)
def test_options_are_the_librarys_arguments_with_the_librarys_defaults(model, callable_, names, ours):
    """Oracle: inspect.signature."""
    parameters = inspect.signature(callable_).parameters
    assert set(names) == set(model.model_fields)
    for ours_name, theirs_name in names.items():
        expected = ours.get(ours_name, model.model_fields[ours_name].default)
        assert parameters[theirs_name].default == expected, theirs_name


def test_an_option_changes_the_suggestions():
    def suggestions(name, options):
        searcher = build_searcher(Plugin(name, options), SPACE, mode="min", seed=0)
        found = []
        for number in range(25):
            config = searcher.suggest(number)
            found.append(config)
            searcher.observe(number, config["x"])
        return found

    base = {"n_initial": 5}
    for name, others in {
        "hyperopt": [{"n_initial": 3}, {"gamma": 1.0}, {"n_candidates": 2}, {"prior_weight": 30.0}],
        "optuna": [{"n_initial": 3}, {"multivariate": False}, {"n_candidates": 2}],
    }.items():
        plain = suggestions(name, base)
        for other in others:
            assert suggestions(name, base | other) != plain, (name, other)


def test_an_unknown_searcher_is_told_the_choices():
    with pytest.raises(ValueError, match="'hyperop' is no searcher \\(choices: grid, hyperopt, optuna, random"):
        build_searcher(Plugin("hyperop"), SPACE, mode="max", seed=0)


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="n_initials"):
        build_searcher(Plugin("hyperopt", {"n_initials": 3}), SPACE, mode="max", seed=0)


def test_a_searcher_of_the_users_own_by_its_dotted_name(tmp_path, monkeypatch):
    (tmp_path / "own_searcher.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = Plugin("own_searcher:Own", {"k": 3})
    searcher = build_searcher(plugin, SPACE, mode="max", seed=4, start_with=[{"x": 0, "n": 3}])
    assert searcher.given == (SPACE, {"k": 3}, "max", 4, [{"x": 0.0, "n": 3}])


def test_starting_points_do_not_depend_on_each_other():
    alone = starting_points(SPACE, [{"x": 0.5}], 3)
    among = starting_points(SPACE, [{"x": 0.5}, {"x": 0.25}, {"x": 0.5, "n": alone[0]["n"]}], 3)
    assert among[0] == alone[0]
    assert len(among) == 2  # the third completes to the first


def test_number_seeds_are_stable_and_differ():
    """Oracle: the first four bytes of `printf 1:0 | sha256sum`."""
    assert number_seed(1, 0) == 0xA6685F3B
    assert len({number_seed(seed, number) for seed in range(30) for number in range(30)}) == 900
    assert all(0 <= number_seed(10**30, number) < 2**32 for number in range(5))


def test_no_library_is_imported_before_its_searcher_is_built():
    """Oracle: the modules that a fresh interpreter has loaded."""
    code = (
        "import sys; from tuner.dispatch.searchers.base import build_searcher; from tuner.plan import Plugin;"
        "from search_spaces.space import Space;"
        "build_searcher(Plugin('random'), Space.parse({}), mode='max', seed=0);"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"hyperopt", "optuna", "ray", "torch", "mlflow"} & set(loaded) == set()
