"""The YAML form of a domain: what it gives, and what each mistake is told. Oracle: hand values."""

import pytest
import yaml

from search_spaces.domains import Choice, Constant, Int, LogInt, LogUniform, Normal, Uniform, parse_domain
from search_spaces.violations import SpaceError


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("{uniform: [0, 0.5]}", Uniform(0, 0.5)),
        ("{loguniform: [1.0e-4, 1.0e-2]}", LogUniform(1e-4, 1e-2)),
        ("{normal: {mean: 0, std: 1, low: -2, high: 3}}", Normal(0, 1, -2, 3)),
        ("{int: [2, 2048]}", Int(2, 2048)),
        ("{logint: [1, 512]}", LogInt(1, 512)),
        ("{choice: [sgd, 1, null, [64, 64]]}", Choice(("sgd", 1, None, [64, 64]))),
        ("{constant: 0.95}", Constant(0.95)),
        ("{constant: {a: [1, 2]}}", Constant({"a": [1, 2]})),
    ],
)
def test_each_form(text, domain):
    assert parse_domain(yaml.safe_load(text)) == domain


@pytest.mark.parametrize(
    ("text", "place", "rule"),
    [
        ("0.1", "lr", "must be a domain; a set value is written {constant: 0.1}"),
        ("null", "lr", "must be a domain"),
        ("{unifrom: [0, 1]}", "lr.unifrom", "must name a domain"),
        ("{uniform: [0, 1], int: [0, 1]}", "lr", "must name exactly one domain"),
        ("{}", "lr", "must name exactly one domain"),
        ("{uniform: 3}", "lr.uniform", "must be a list of two numbers, [low, high]"),
        ("{uniform: [0, 1, 2]}", "lr.uniform", "must be a list of two numbers, [low, high]"),
        ("{uniform: [0, null]}", "lr.uniform.1", "must be a number"),
        ("{loguniform: [1e-4, 1]}", "lr.loguniform.0", "must be a number; this is text: write 1.0e-4"),
        ("{loguniform: [1, 1e6]}", "lr.loguniform.1", "must be a number; this is text: write 1.0e+6"),
        ("{int: [1, 8.0]}", "lr.int.1", "must be an integer: write 8"),
        ("{int: [8, 1]}", "lr.int", "`low <= high` must hold"),
        ("{normal: [0, 1]}", "lr.normal", "must be a mapping of mean, std, low and high"),
        ("{normal: {mean: 0, sd: 1, low: 0, high: 1}}", "lr.normal.sd", "is unknown"),
        ("{normal: {mean: 0, std: 1, low: 0}}", "lr.normal", "must have `high`"),
        ("{normal: {mean: 0, std: -1, low: 0, high: 1}}", "lr.normal", "`0 < std` must hold"),
        ("{choice: sgd}", "lr.choice", "must be a list of options"),
        ("{choice: [1e-3, 1.0e-2]}", "lr.choice", "write 1.0e-3"),
        ("{choice: [[1e-3]]}", "lr.choice", "write 1.0e-3"),
        ("{choice: [{1: 2}]}", "lr.choice", "must have text as keys"),
        ("{choice: [2024-01-01]}", "lr.choice", "must be null, a boolean, a number, text"),
    ],
)
def test_each_mistake_names_its_place_and_rule(text, place, rule):
    with pytest.raises(SpaceError) as caught:
        parse_domain(yaml.safe_load(text), ("lr",))
    assert f"{place}: " in str(caught.value)
    assert rule in str(caught.value)


def test_all_mistakes_of_a_domain_at_once():
    with pytest.raises(SpaceError) as caught:
        parse_domain({"normal": {"mean": "x", "sd": 1, "low": None}}, ("lr",))
    assert [(v.path, v.rule) for v in caught.value.violations] == [
        (("lr", "normal", "sd"), "is unknown"),
        (("lr", "normal"), "must have `std`"),
        (("lr", "normal"), "must have `high`"),
        (("lr", "normal", "mean"), "must be a number"),
        (("lr", "normal", "low"), "must be a number"),
    ]


def test_an_unknown_domain_is_told_the_choices():
    with pytest.raises(SpaceError) as caught:
        parse_domain({"gaussian": [0, 1]})
    (violation,) = caught.value.violations
    assert violation.choices == ("uniform", "loguniform", "normal", "int", "logint", "choice", "constant")
