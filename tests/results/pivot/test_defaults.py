"""The tables of a study that states none. Oracle: the records of a study by hand."""

from __future__ import annotations

from statistics import fmean

from results.pivot import default_specs, pivot

from .worked import FINALS, outcome, study, trial


def test_best_models_by_rule_and_hyperparameters():
    models, rules, parameters = (pivot(study(), spec) for spec in default_specs(study()))
    assert models.row_factors == ("dataset", "loss")
    assert models.columns == (("val/accuracy",), ("test/accuracy",), ("n",), ("optimism",), ("step",))
    score, tested, n, gap, step = models.rows[0].cells
    assert (score.value, n.value, step.value) == (0.96, 5, 2)
    assert tested.value == fmean(FINALS["MNIST", "cosine"])
    assert gap.value == score.value - tested.value
    assert rules.columns == (("cos",), ("euc",))
    assert parameters.columns == (("lr",), ("embedding_dim",), ("r",))


def test_what_was_never_tested_has_no_columns_for_it():
    (models,) = default_specs([outcome({}, [trial(0, [{"val/accuracy": 0.5}])])])
    assert list(models.cell) == ["val/accuracy", "step"]


def test_rules_below_the_parent_of_the_searched_metric():
    """`val/accuracy/tuned` is one of the rules itself."""
    metrics = {"val/accuracy/tuned": 0.5, "val/accuracy/default": 0.4, "test/accuracy/tuned": 0.5}
    found = outcome({"rule": 1}, [trial(0, [metrics])], metric="val/accuracy/tuned")
    _, rules = default_specs([found])
    assert rules.cell == {"val/accuracy": "val/accuracy/{decision_rule}"}


def test_what_was_selected_on_test_data_shows_that_metric_once():
    (models,) = default_specs([outcome({}, [trial(0, [{"test/accuracy": 0.5}])], metric="test/accuracy")])
    assert list(models.cell) == ["test/accuracy", "step"]


def test_no_searches_no_tables():
    assert default_specs([]) == []
