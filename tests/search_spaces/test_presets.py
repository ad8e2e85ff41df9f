"""The presets, and how a study extends one."""

import random
import subprocess
import sys

import pytest

from search_spaces.presets import load_preset, preset_names
from search_spaces.space import Space
from search_spaces.violations import SpaceError

LOSSES = ("euclidean", "cosine", "class_proximity", "push_pull", "comparison", "cross_entropy")

ELSEWHERE = {"strategy": "mean_nudge", "adjustment": "sigma_spacing"}  # what presets without a loss refer to


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_a_space_that_can_be_projected_and_drawn(name):
    space = Space.parse({"extends": name})
    assert space == Space.parse(load_preset(name))
    for loss in LOSSES:
        cell = space.project({"loss": loss, **ELSEWHERE})
        assert cell.check(cell.sample(random.Random(0))) == []  # noqa: S311  (a draw, not a secret)


def test_moving_targets_is_the_papers_space():
    """Oracle: moving targets, Table 4 (which hyperparameters), section IV-F (r's interval), Tables 8 and 9 (0.95)."""
    space = Space.parse({"extends": "moving_targets"})
    specs = {loss: space.project({"loss": loss}).to_spec() for loss in LOSSES}
    lr, dim = {"loguniform": [1e-4, 1e-2]}, {"int": [2, 2048]}
    assert specs["cross_entropy"] == {"lr": lr}
    assert specs["euclidean"] == specs["cosine"] == {"lr": lr, "embedding_dim": dim}
    assert specs["class_proximity"] == {"lr": lr, "embedding_dim": dim, "r": {"loguniform": [1e3, 1e6]}}
    assert specs["push_pull"] == {"lr": lr, "embedding_dim": dim, "r": {"constant": 0.95}}


def test_dynamic_targets_searches_epsilon_and_lambda_where_there_are_any():
    """Oracle: Algorithm 1 has epsilon, Algorithm 2 has lambda."""
    space = Space.parse({"extends": "dynamic_targets"})
    epsilon, factor = {"epsilon": {"loguniform": [0.01, 0.5]}}, {"scaling_factor": {"loguniform": [0.1, 10]}}
    assert space.project({"strategy": "mean_nudge", "adjustment": "keep"}).to_spec() == epsilon
    assert space.project({"strategy": "mean_nudge", "adjustment": "sigma_spacing"}).to_spec() == epsilon | factor
    assert space.project({"strategy": "soft", "adjustment": "keep"}).to_spec() == {}


def test_an_own_entry_replaces_the_presets_and_null_removes_it():
    space = Space.parse(
        {"extends": "moving_targets", "r": None, "lr": {"constant": 1e-3}, "momentum": {"uniform": [0, 0.9]}}
    )
    assert space.names == ("lr", "embedding_dim", "momentum")
    assert space.project({"loss": "push_pull"}).to_spec()["lr"] == {"constant": 1e-3}


def test_a_null_that_removes_nothing_is_refused():
    with pytest.raises(SpaceError, match="lrr: must be a domain, but got None"):
        Space.parse({"extends": "moving_targets", "lrr": None})


@pytest.mark.parametrize("name", ["moving_target", "../presets/moving_targets", "", None, 3])
def test_an_unknown_preset_is_told_the_choices(name):
    with pytest.raises(SpaceError) as caught:
        load_preset(name)
    (violation,) = caught.value.violations
    assert violation.path == ("extends",)
    assert violation.choices == preset_names()


def test_search_spaces_needs_nothing_but_yaml():
    """Oracle: the modules that a fresh interpreter has loaded."""
    code = (
        "import sys; from search_spaces.space import Space; Space.parse({'extends': 'moving_targets'});"
        "print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "ray", "torch", "mlflow", "hyperopt", "optuna", "pandas", "pydantic"}
    assert heavy & set(loaded) == set()
    assert "yaml" in loaded
