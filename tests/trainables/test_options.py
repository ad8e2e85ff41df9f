"""Typed options: strict types, all complaints at once, parameters of what was chosen."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from trainables import catalog
from trainables.complaints import Complaint
from trainables.option_types import check_type, parse_annotation
from trainables.options import OptionsError, check_value, describe, option, parameters_of, read
from trainables.signatures import MISSING


@dataclass(frozen=True, kw_only=True)
class Options:
    size: int = option(help="how many", low=1, high=10)
    lr: float = option(0.1, help="learning rate", low=0, low_open=True)
    flip: bool = option(False, help="mirror")
    rule: str | None = option(None, help="how to decide", kind="decision_rules")
    resize: int | Literal["auto"] | None = option("auto", help="side", low=1)
    optimizer: str = option("adam", help="who steps", choices=("adam", "sgd"))
    labels: tuple[int, ...] = option((), help="left out")
    loss: str = option("euclidean", help="what is minimised", kind="losses")
    loss_parameters: Mapping[str, Any] = parameters_of("loss")

    def check(self):
        if self.optimizer == "sgd" and self.flip:
            yield Complaint("flip", "must be false with sgd", self.flip)


def complaints(config):
    with pytest.raises(OptionsError) as caught:
        read(Options, config)
    return {c.key: c for c in caught.value.complaints}


def test_defaults_and_types():
    options = read(Options, {"size": 3})
    assert options == Options(size=3)
    assert options.loss_parameters == {}


def test_ints_become_floats_only_where_a_float_is_meant():
    options = read(Options, {"size": 3, "lr": 1, "resize": 5, "labels": [1, 2], "loss": "push_pull", "r": 1})
    assert (options.lr, type(options.lr)) == (1.0, float)
    assert type(options.loss_parameters["r"]) is float
    assert type(options.size) is type(options.resize) is int
    assert options.labels == (1, 2)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("size", 3.0, "must be an int"),
        ("size", True, "must be an int"),
        ("size", None, "must be an int"),
        ("size", 0, "must be at least 1 and at most 10"),
        ("size", 11, "must be at least 1 and at most 10"),
        ("lr", 0, "must be above 0"),
        ("lr", float("nan"), "must be a number"),
        ("lr", float("inf"), "must be a number"),
        ("lr", 10**400, "must be a number"),
        ("lr", True, "must be a number"),
        ("lr", "1e-4", "must be a number (write 0.0001: YAML reads 1e-4 as text)"),
        ("lr", "1e-7", "must be a number (write 1.0e-07: YAML reads 1e-7 as text)"),
        ("lr", "fast", "must be a number"),
        ("flip", 1, "must be true or false"),
        ("flip", "yes", "must be true or false"),
        ("resize", "automatic", "must be an int or one of 'auto' or null"),
        ("resize", 0, "must be at least 1"),
        ("optimizer", "adamw", "must be one of the choices"),
        ("optimizer", ["adam"], "must be a text"),
        ("labels", [1, "2"], "must be a list, each entry an int"),
        ("labels", 1, "must be a list, each entry an int"),
        ("rule", "cosine", "must be a name from decision_rules, or 'package.module:attr'"),
        ("loss", "trainables.losses.cosine:nothing", "module trainables.losses.cosine must define nothing"),
        ("loss", 7, "must be a text"),
        ("eps", "small", "must be a number"),
        ("sise", 3, "must be a known option"),
    ],
)
def test_values_that_break_a_rule(name, value, rule):
    complaint = check_value(Options, name, value)
    assert (complaint.key, complaint.rule) == (name, rule)
    assert complaints({"size": 1, "loss": "class_proximity", "r": 1.0, name: value})[name].rule == rule


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", 1),
        ("lr", 1e-9),
        ("rule", None),
        ("rule", "cos"),
        ("rule", "trainables.decision_rules.cosine:cos"),
        ("resize", "auto"),
        ("resize", None),
        ("resize", 3),
        ("labels", [3]),
        ("r", 2),
    ],
)
def test_values_that_are_fine(name, value):
    assert check_value(Options, name, value) is None


def test_everything_wrong_is_told_at_once():
    found = complaints({"lr": -1, "flp": True, "loss": "class_proximity", "eps": "x"})
    assert set(found) == {"size", "lr", "flp", "eps", "r"}
    assert found["size"].rule == "must be given"
    assert found["r"].rule == "must be given (needed by loss=class_proximity)"
    assert "did you mean 'flip'?" in str(found["flp"])


def test_a_wrong_name_hides_no_other_mistake():
    """The keys that are known depend on the loss; what can be checked without it, is."""
    found = complaints({"size": 0, "loss": "push_pul", "r": "x"})
    assert set(found) == {"size", "loss", "r"}
    assert "did you mean 'push_pull'?" in str(found["loss"])


def test_a_required_choice_that_is_missing_is_all_that_is_told_of_it():
    @dataclass(frozen=True, kw_only=True)
    class Required:
        loss: str = option(help="what is minimised", kind="losses")
        loss_parameters: Mapping[str, Any] = parameters_of("loss")

    with pytest.raises(OptionsError) as caught:
        read(Required, {"r": 1.0})
    assert [str(c) for c in caught.value.complaints] == ["loss: must be given"]


def test_parameters_of_a_loss_that_was_not_chosen_are_refused():
    found = complaints({"size": 1, "loss": "push_pull", "r": 0.95, "eps": 1e-3})
    assert found["eps"].rule == "belongs only to loss=class_proximity"


def test_rules_between_options():
    assert complaints({"size": 1, "optimizer": "sgd", "flip": True})["flip"].rule == "must be false with sgd"


def test_describe_merges_parameters_of_one_name():
    infos = {info.name: info for info in describe(Options)}
    assert list(infos)[:2] == ["size", "lr"]
    assert infos["size"].default is MISSING
    assert (infos["lr"].low, infos["lr"].low_open, infos["lr"].help) == (0, True, "learning rate")
    assert infos["r"].owners == ("loss=class_proximity", "loss=push_pull")
    assert infos["eps"].default == 1e-6
    assert "loss_parameters" not in infos
    assert "r" not in {info.name for info in describe(Options, {"loss": "cosine"})}
    assert "eps" not in {info.name for info in describe(Options, {"loss": ["cosine", "push_pull"]})}


def test_a_users_loss_brings_its_parameters(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def loss(logits, targets, *, margin: float = 1.0, name: str | None = None): ...")
    options = read(Options, {"size": 1, "loss": f"{path}:loss", "margin": 2})
    assert options.loss_parameters == {"margin": 2.0}
    assert check_value(Options, "margin", "x", {"loss": f"{path}:loss"}).rule == "must be a number"


def test_a_parameter_named_like_an_option_is_refused(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def loss(logits, targets, *, lr: float = 1.0): ...")
    assert "that is an option" in complaints({"size": 1, "loss": f"{path}:loss"})["loss"].rule


def test_errors_cross_processes():
    with pytest.raises(OptionsError) as caught:
        read(Options, {})
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301  (our own bytes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("float", float), ("int | None", int | None), ("", Any), ("Tensor", Any), ("list[", Any), ("bool", bool)],
)
def test_annotations(text, expected):
    assert parse_annotation(text) == expected


def test_mappings():
    assert check_type(Mapping[str, float], {"a": 1}) is None
    assert check_type(Mapping[str, float], {"a": "b"}) == "must be a mapping"


@pytest.mark.parametrize("name", catalog.names("trainables"))
def test_options_of_our_own_trainables_are_documented(name):
    for info in describe(catalog.options_class(name)):
        assert info.help
        assert info.default is MISSING or info.default is None or check_type(info.type, info.default) is None
