"""Conditions, projection, completion, checking and listing. Oracle: hand values, in the paper's space and others."""

# ruff: noqa: S311  (draws, not secrets)

import pickle
import random

import pytest
import yaml

from search_spaces.domains import Constant, LogUniform
from search_spaces.space import Space
from search_spaces.violations import SpaceError, Violation

MOVING_TARGETS = """
lr: {loguniform: [1.0e-4, 1.0e-2]}
embedding_dim: {int: [2, 2048], when: {loss: {not: cross_entropy}}}
r:
  - {when: {loss: class_proximity}, loguniform: [1.0e+3, 1.0e+6]}
  - {when: {loss: push_pull}, constant: 0.95}
"""
LOSSES = ("euclidean", "cosine", "class_proximity", "push_pull", "cross_entropy")
NESTED = """
width: {choice: [8, 16], when: {network: mlp, layers: {not: 1}}}
layers: {int: [1, 3], when: {network: [mlp, cnn]}}
network: {choice: [mlp, cnn, linear]}
"""


def parse(text):
    return Space.parse(yaml.safe_load(text))


def searched_loss(text=MOVING_TARGETS):
    return Space.parse({**yaml.safe_load(text), "loss": {"choice": list(LOSSES)}})


def rules(violations):
    return {".".join(map(str, v.path)): v.rule for v in violations}


# Conditions


@pytest.mark.parametrize(
    ("loss", "active"),
    [
        ("euclidean", {"lr", "embedding_dim"}),
        ("class_proximity", {"lr", "embedding_dim", "r"}),
        ("push_pull", {"lr", "embedding_dim", "r"}),
        ("cross_entropy", {"lr"}),
    ],
)
def test_a_condition_holds_alike_for_a_factor_of_the_grid_and_for_a_searched_parent(loss, active):
    assert set(parse(MOVING_TARGETS).project({"loss": loss}).names) == active
    assert set(searched_loss().active({"loss": loss})) == active | {"loss"}


def test_each_branch_has_its_own_domain():
    space = searched_loss()
    assert space.active({"loss": "class_proximity"})["r"] == LogUniform(1e3, 1e6)
    assert space.active({"loss": "push_pull"})["r"] == Constant(0.95)


def test_active_lists_parents_before_children_wherever_they_stand():
    space = parse(NESTED)
    assert list(space.active({"network": "mlp", "layers": 2})) == ["network", "layers", "width"]


@pytest.mark.parametrize(
    ("config", "active"),
    [
        ({"network": "linear"}, ["network"]),
        ({"network": "cnn", "layers": 2}, ["network", "layers"]),
        ({"network": "mlp", "layers": 1}, ["network", "layers"]),
        ({"network": "linear", "layers": 2}, ["network"]),  # `layers` is inactive, so `not 1` does not hold for it
    ],
)
def test_a_condition_on_an_inactive_parameter_does_not_hold_negated_or_not(config, active):
    assert list(parse(NESTED).active(config)) == active


def test_condition_keys_and_external_keys():
    assert parse(NESTED).condition_keys == {"network", "layers"}
    assert parse(NESTED).external_keys == frozenset()
    assert parse(MOVING_TARGETS).external_keys == {"loss"}


def test_clauses_are_listed_with_their_places():
    places = [(path, clause.values, clause.negated) for path, clause in parse(MOVING_TARGETS).clauses()]
    assert places == [
        (("embedding_dim", "when", "loss"), ("cross_entropy",), True),
        (("r", 0, "when", "loss"), ("class_proximity",), False),
        (("r", 1, "when", "loss"), ("push_pull",), False),
    ]


# Projection


def test_projection_leaves_only_conditions_on_searched_parameters():
    space = parse(
        """
        a: {choice: [x, y], when: {model: big}}
        b: {uniform: [0, 1], when: {a: x, model: [big, huge]}}
        c: {uniform: [0, 1], when: {a: x, model: small}}
        """
    )
    projected = space.project({"model": "big"})
    assert projected.to_spec() == {"a": {"choice": ["x", "y"]}, "b": {"uniform": [0, 1], "when": {"a": "x"}}}
    assert projected.external_keys == frozenset()


def test_children_vanish_with_their_parent_and_with_the_parents_values():
    space = parse(
        """
        a: [{choice: [x], when: {m: 1}}, {choice: [y], when: {m: 2}}]
        b: {uniform: [0, 1], when: {a: x}}
        c: {uniform: [0, 1], when: {b2: 1}}
        b2: {choice: [1], when: {a: {not: y}}}
        """
    )
    assert space.project({"m": 1}).names == ("a", "b", "c", "b2")
    assert space.project({"m": 2}).names == ("a",)
    assert space.project({"m": 3}).names == ()


def test_projecting_in_two_steps_is_projecting_in_one():
    space = parse("a: {int: [1, 2], when: {p: 1, q: {not: z}}}")
    assert space.project({"p": 1}).project({"q": "y"}) == space.project({"p": 1, "q": "y"})
    assert space.project({"p": 1}).external_keys == {"q"}


def test_a_searched_parameter_must_not_be_set_as_well():
    with pytest.raises(SpaceError, match=r"lr: must not be both searched and set, but got 0\.1"):
        parse(MOVING_TARGETS).project({"loss": "cosine", "lr": 0.1})
    # Where it is not active it may be set.
    assert parse(MOVING_TARGETS).project({"loss": "cosine", "r": 1.0}).names == ("lr", "embedding_dim")


@pytest.mark.parametrize(
    "use",
    [
        lambda space: space.sample(random.Random(0)),
        lambda space: space.check({}),
        lambda space: space.active({}),
        lambda space: space.grid(),
    ],
)
def test_an_unprojected_space_is_not_searched(use):
    space = parse("a: {int: [1, 2], when: {loss: x}}")
    try:
        violations = use(space) or []
    except SpaceError as error:
        violations = error.violations
    expected = "must refer to a parameter, a factor of the grid or a fixed value"
    assert violations[0] == Violation(("a", "when", "loss"), expected, "loss")


# Checking


def test_check_lists_everything_that_is_wrong():
    config = {"loss": "cosine", "lr": 1.0, "r": 5.0, "dim": 3}
    assert rules(searched_loss().check(config)) == {
        "lr": "must lie in [0.0001, 0.01]",
        "r": "is inactive: it needs loss is 'class_proximity', or loss is 'push_pull'",
        "dim": "is no parameter of the space",
        "embedding_dim": "must be set",
    }


def test_check_accepts_what_is_right():
    good = {"loss": "push_pull", "lr": 1e-3, "embedding_dim": 64, "r": 0.95}
    assert searched_loss().check(good) == []
    assert rules(searched_loss().check(good | {"r": 5e3})) == {"r": "must be 0.95, which is constant here"}


def test_check_reports_a_wrong_parent_and_not_its_children():
    assert list(rules(parse(NESTED).check({"network": "mpl"}))) == ["network"]


# Drawing and completing


def test_sample_follows_the_seed_and_varies():
    space = searched_loss()
    draws = [space.sample(random.Random(seed)) for seed in range(200)]
    assert draws == [space.sample(random.Random(seed)) for seed in range(200)]
    assert {draw["loss"] for draw in draws} == set(LOSSES)
    assert [space.check(draw) for draw in draws] == [[]] * 200


def test_complete_keeps_what_is_given_and_drops_what_is_inactive():
    point = {"lr": 4e-4, "embedding_dim": 512, "r": 5e4, "unheard_of": 1}
    space = parse(MOVING_TARGETS)
    assert space.project({"loss": "cross_entropy"}).complete(point, random.Random(0)) == {"lr": 4e-4}
    assert space.project({"loss": "class_proximity"}).complete(point, random.Random(0)) == {
        "lr": 4e-4,
        "embedding_dim": 512,
        "r": 5e4,
    }


def test_complete_sets_a_constant_whatever_the_point_says():
    space = parse(MOVING_TARGETS).project({"loss": "push_pull"})
    assert space.complete({"r": 5e4}, random.Random(0))["r"] == 0.95


def test_what_is_drawn_does_not_depend_on_what_is_given():
    space = searched_loss()
    free = space.complete({"loss": "class_proximity"}, random.Random(7))
    for given_names in (["lr"], ["embedding_dim"], ["lr", "r"], ["r"]):
        point = {"loss": "class_proximity", **{name: space.active(free)[name].extremes()[0] for name in given_names}}
        completed = space.complete(point, random.Random(7))
        for name, value in completed.items():
            assert value == (point[name] if name in point else free[name])


def test_complete_casts_and_refuses():
    space = parse("lr: {uniform: [0, 2]}\nn: {int: [1, 5]}\nk: {int: [1, 5]}")
    completed = space.complete({"lr": 1, "n": 2}, random.Random(0))
    assert (type(completed["lr"]), completed["lr"], completed["n"]) == (float, 1.0, 2)
    with pytest.raises(SpaceError) as caught:
        space.complete({"lr": 3, "n": 2.5}, random.Random(0))
    assert rules(caught.value.violations) == {"lr": "must lie in [0, 2]", "n": "must be an integer"}


# Listing


def test_grid_lists_each_configuration_once_the_last_varying_fastest():
    configs = parse(NESTED).grid()
    assert configs == [
        {"network": "mlp", "layers": 1},
        {"network": "mlp", "layers": 2, "width": 8},
        {"network": "mlp", "layers": 2, "width": 16},
        {"network": "mlp", "layers": 3, "width": 8},
        {"network": "mlp", "layers": 3, "width": 16},
        {"network": "cnn", "layers": 1},
        {"network": "cnn", "layers": 2},
        {"network": "cnn", "layers": 3},
        {"network": "linear"},
    ]


def test_grid_names_every_domain_that_cannot_be_listed():
    with pytest.raises(SpaceError) as caught:
        searched_loss().grid()
    assert [v.path for v in caught.value.violations] == [("lr",), ("embedding_dim",), ("r", 0)]
    assert "must be a choice, a constant or an int with at most 1000 values" in str(caught.value)


def test_a_grid_has_a_limit():
    with pytest.raises(SpaceError, match="at most 100000 configurations"):
        parse("a: {int: [1, 1000]}\nb: {int: [1, 101]}").grid()


def test_an_empty_space_has_one_configuration():
    assert Space.parse({}).grid() == [{}]
    assert Space.parse({}).sample(random.Random(0)) == {}


# Round trips


@pytest.mark.parametrize(
    "text", [MOVING_TARGETS, NESTED, "a: {choice: [[1], [2]]}\nb: {int: [0, 1], when: {a: [[1]]}}"]
)
def test_the_yaml_form_leads_back(text):
    space = parse(text)
    assert Space.parse(yaml.safe_load(yaml.safe_dump(space.to_spec(), sort_keys=False))) == space
    assert pickle.loads(pickle.dumps(space)) == space  # noqa: S301 - our own bytes
