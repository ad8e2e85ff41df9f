"""Legal names, against MLflow's own validation and the way back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name, _validate_model_name, _validate_param_name

from results.store.names import legal_key, legal_model_name, original_key, quoted

AWKWARD = st.text(st.sampled_from("ab_0x5f/.[@: é%#'\"\n"), max_size=40)


@given(AWKWARD | st.text(max_size=400))
def test_any_name_becomes_a_key_that_mlflow_takes(name):
    for key in (legal_key(name), "best/" + legal_key(name)):
        _validate_metric_name(key)
        _validate_param_name(key)
        assert len(key) <= 250


@given(AWKWARD)
@example("_0x5b_")
@example("_0x[_0x_0x5f_]")
def test_the_name_comes_back(name):
    assert original_key(legal_key(name)) == name


@given(st.text(max_size=300))
def test_any_name_becomes_a_model_name_that_an_address_can_hold(name):
    legal = legal_model_name(name)
    _validate_model_name(legal)
    assert not set("/:@#? ") & set(legal)
    assert len(legal) <= 250


def test_ordinary_names_stay_as_they_are():
    for name in ("val/accuracy", "val/geometry/cluster_size", "lr", "loss-a.b c"):
        assert legal_key(name) == name
    assert legal_key("a[0]") == "a_0x5b_0_0x5d_"
    assert legal_model_name("moving_targets/MNIST:cosine") == "moving_targets-MNIST-cosine"


def test_long_names_stay_apart():
    names = ["m" * 300 + end for end in ("a", "b")]
    assert legal_key(names[0]) != legal_key(names[1])


def test_a_filter_string_holds_one_kind_of_quotes():
    assert quoted("it's") == '"it\'s"'
    with pytest.raises(ValueError, match="may hold ' or"):
        quoted("'\"")
