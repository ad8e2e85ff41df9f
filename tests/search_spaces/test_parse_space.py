"""What a space must not be, and that every mistake is told at once with its place. Oracle: hand values."""

import pickle

import pytest
import yaml

from search_spaces.space import Space
from search_spaces.violations import SpaceError, Violation


def problems(text):
    with pytest.raises(SpaceError) as caught:
        Space.parse(yaml.safe_load(text))
    return [(".".join(map(str, v.path)), v.rule) for v in caught.value.violations]


def test_every_mistake_of_every_entry_is_told_at_once():
    assert problems(
        """
        extends: moving_target
        lr: {loguniform: ["1e-4", 1]}
        a: {unifrom: [1, 2], when: {}}
        b: 3
        c:
          - {int: [1, 2], when: {loss: {nto: x}}}
          - {int: [3, 1]}
        d: []
        5: {int: [1, 2]}
        e:
        """
    ) == [
        ("extends", "must name a preset"),
        ("lr.loguniform.0", "must be a number; this is text: write 1.0e-4"),
        ("a.when", "must map at least one name to the values at which the branch holds"),
        ("a.unifrom", "must name a domain"),
        ("b", "must be a domain; a set value is written {constant: 3}"),
        ("c.0.when.loss", "must be a value, a list of values, or {not: …}"),
        ("c.1.int", "`low <= high` must hold"),
        ("d", "must have at least one branch"),
        ("5", "must have text as its name (quote it)"),
        ("e", "must be a domain"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "rule"),
    [
        ("- lr", "", "must map names to domains"),
        ("a: {int: [1, 2], when: loss}", "a.when", "must map at least one name to the values"),
        ("a: {int: [1, 2], when: {1: x}}", "a.when.1", "must be the name of a parameter"),
        ("a: {int: [1, 2], when: {loss: []}}", "a.when.loss", "must list at least one value"),
        ("a: {int: [1, 2], when: {loss: {not: []}}}", "a.when.loss.not", "must list at least one value"),
        ("a: {int: [1, 2], when: {r: 1e-4}}", "a.when.r", "write 1.0e-4"),
        ("a: {int: [1, 2], when: {a: 1}}", "a", "conditions must not form a circle"),
    ],
)
def test_one_mistake(text, place, rule):
    ((found_place, found_rule),) = problems(text)
    assert found_place == place
    assert rule in found_rule


def test_a_circle_is_shown():
    with pytest.raises(SpaceError, match="a -> c -> b -> a"):
        Space.parse(
            {
                "z": {"int": [1, 2], "when": {"a": 1}},
                "a": {"int": [1, 2], "when": {"c": 1}},
                "b": {"int": [1, 2], "when": {"a": 1}},
                "c": {"int": [1, 2], "when": {"b": 1}},
            }
        )


def test_a_condition_refers_to_a_value_that_its_parameter_can_have():
    with pytest.raises(SpaceError) as caught:
        Space.parse(yaml.safe_load("a: {choice: [x, y]}\nb: {int: [1, 2], when: {a: [x, yy]}}"))
    assert caught.value.violations == (
        Violation(("b", "when", "a"), "must be a value that `a` can have", "yy", ("x", "y")),
    )


@pytest.mark.parametrize("parent", ["{uniform: [0, 1]}", "{int: [0, 5000]}"])
def test_a_condition_refers_to_a_parameter_whose_values_can_be_listed(parent):
    ((place, rule),) = problems(f"a: {parent}\nb: {{int: [1, 2], when: {{a: 1}}}}")
    assert place == "b.when.a"
    assert rule.startswith("must refer to a parameter whose values can be listed")


# Overlapping branches

P = "p: {choice: [x, y, z]}\n"


@pytest.mark.parametrize(
    "text",
    [
        "a: [{int: [1, 2]}, {int: [3, 4]}]",
        "a: [{int: [1, 2]}, {int: [3, 4], when: {loss: x}}]",
        "a: [{int: [1, 2], when: {loss: [x, y]}}, {int: [3, 4], when: {loss: [y, z]}}]",
        "a: [{int: [1, 2], when: {loss: x}}, {int: [3, 4], when: {loss: {not: y}}}]",
        "a: [{int: [1, 2], when: {loss: x}}, {int: [3, 4], when: {model: m}}]",
        P + "a: [{int: [1, 2], when: {p: {not: x}}}, {int: [3, 4], when: {p: {not: y}}}]",
        P + "q: {int: [1, 2], when: {p: x}}\na: [{int: [1, 2], when: {p: x}}, {int: [3, 4], when: {q: 2}}]",
    ],
)
def test_branches_that_can_hold_at_once_are_refused(text):
    ((place, rule),) = problems(text)
    assert (place, rule) == ("a", "branches 0 and 1 must not hold at once")


@pytest.mark.parametrize(
    "text",
    [
        "a: [{int: [1, 2], when: {loss: x}}, {int: [3, 4], when: {loss: {not: x}}}]",
        "a: [{int: [1, 2], when: {loss: x}}, {int: [3, 4], when: {loss: y, model: m}}]",
        P + "a: [{int: [1, 2], when: {p: {not: [x, y]}}}, {int: [3, 4], when: {p: {not: z}}}]",
        P + "q: {int: [1, 2], when: {p: x}}\na: [{int: [1, 2], when: {p: y}}, {int: [3, 4], when: {q: 2}}]",
    ],
)
def test_branches_that_exclude_each_other_are_accepted(text):
    Space.parse(yaml.safe_load(text))


def test_an_overlap_that_only_a_cell_shows_is_told_by_projection():
    space = Space.parse(
        yaml.safe_load("a: [{int: [1, 2], when: {loss: {not: x}}}, {int: [3, 4], when: {loss: {not: y}}}]")
    )
    assert space.project({"loss": "x"}).to_spec() == {"a": {"int": [3, 4]}}
    with pytest.raises(SpaceError, match="branches 0 and 1 must not hold at once"):
        space.project({"loss": "z"})


def test_an_overlap_beyond_the_tried_configurations_is_told_when_it_is_met():
    many = {f"p{i}": {"int": [1, 100]} for i in range(3)}
    last = {f"p{i}": 100 for i in range(3)}
    branches = [{"int": [1, 2], "when": last}, {"int": [3, 4], "when": {"p0": 100}}]
    space = Space.parse({**many, "a": branches})
    assert [v.rule for v in space.check({**last, "a": 1})] == ["branches 0 and 1 must not hold at once"]


def test_names_must_not_repeat():
    parameter = Space.parse({"a": {"int": [1, 2]}}).parameters[0]
    with pytest.raises(SpaceError, match="must not stand twice"):
        Space((parameter, parameter))


def test_a_violation_reads_as_place_rule_value_choices_and_survives_pickling():
    error = SpaceError([Violation(("lr", "int", 0), "must be x", 3, ("a", "b"))])
    assert str(error) == "lr.int.0: must be x, but got 3 (choices: a, b)"
    assert pickle.loads(pickle.dumps(error)).violations == error.violations  # noqa: S301 - our own bytes
