"""Verdicts on a worked example. Oracles: hand values; intervals from `results.statistics`, which scipy judges."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from pydantic import ValidationError

from results import references
from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord, TrialState
from results.references import Reference
from results.statistics import binomial_half_width, prediction_half_width
from results.verification import Outcome, verdict_counts, verify
from results.verify_table import protocol_notes, verify_table


def trial(number, results, state=TrialState.COMPLETE, **config):
    records = tuple(ResultRecord(step=step, at_ms=step, metrics=metrics) for step, metrics in enumerate(results, 1))
    return TrialRecord(
        trial_id=f"s/x/{number:04d}",
        number=number,
        config=config,
        seed=number,
        state=state,
        started_at_ms=0,
        ended_at_ms=1,
        results=records,
    )


def outcome(loss, trials, test=None, **params):
    search = SearchRecord(
        search_id=f"s/{loss}",
        key=loss,
        cell={"loss": loss},
        metric="val/accuracy",
        mode="max",
        started_at_ms=0,
        params={"trials": 3, "budget": "2 epoch", **params},
    )
    return SearchOutcome(search=search, trials=trials, test_metrics=test or {}, run_id=f"run-{loss}")


def epochs(*pairs):
    return [{"val/accuracy": val, "test/accuracy": test} for val, test in pairs]


SEEDS = [trial(n, epochs((0.5, 0.4), (0.9, test))) for n, test in enumerate((0.90, 0.92, 0.94))]


def judge(outcomes, defaults=None, protocol=None, **entry):
    given = {"place": "Table 1", "name": "accuracy", **entry}
    reference = Reference.model_validate(
        {"study": "s", "title": "T", "source": "f", "protocol": protocol or {}, "entries": [given]}
    )
    (verdict,) = verify(reference, outcomes, defaults=defaults)
    return verdict


def test_replicates_give_a_prediction_interval_widened_by_the_binomial_error():
    """Oracle: mean 0.92, both half widths in quadrature."""
    verdict = judge(
        [outcome("a", SEEDS)], cell={"loss": "a"}, metric="test/accuracy", value=91.0, unit="percent", images=1000
    )
    expected = math.hypot(prediction_half_width([90, 92, 94]), 100 * binomial_half_width(0.92, 1000))
    assert (verdict.outcome, verdict.ours, verdict.runs) == (Outcome.WITHIN, pytest.approx(92), 3)
    assert verdict.half_width == pytest.approx(expected)
    assert verdict.difference == pytest.approx(1.0)
    assert verdict.run_id == "run-a"


@pytest.mark.parametrize(("printed", "verdict"), [(0.9, "within"), (0.7, "above"), (0.99, "below")])
def test_one_run_is_judged_by_the_binomial_error_alone(printed, verdict):
    """Oracle: 1.96 * sqrt(0.9 * 0.1 / 100), about 0.06."""
    single = outcome("a", [trial(0, [{"val/accuracy": 0.8}], lr=1.0)], {"test/accuracy": 0.9})
    found = judge([single], cell={"loss": "a"}, metric="test/accuracy", value=printed, images=100)
    assert found.outcome == verdict
    assert found.half_width == pytest.approx(0.06, abs=0.003)
    assert "alone: one run" in found.how


def test_a_step_of_each_run_or_the_best_up_to_one_may_be_meant():
    """Oracle: the test accuracies of epochs 1 and 2."""
    runs = [outcome("a", SEEDS)]
    assert judge(runs, metric="test/accuracy", value=0.4, at={"step": 1}).ours == pytest.approx(0.4)
    assert judge(runs, metric="test/accuracy", value=0.4, at={"within": 2}).ours == pytest.approx(0.92)
    assert judge(runs, metric="test/accuracy", value=0.4, at="last").ours == pytest.approx(0.92)
    missing = judge(runs, metric="test/accuracy", value=0.4, at={"step": 7})
    assert (missing.outcome, missing.how) == (Outcome.NOT_RUN, "test/accuracy was not measured at epoch 7")


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ({"at_least": 90}, "within"),
        ({"at_least": 99.9}, "below"),
        ({"at_most": 50}, "above"),
        ({"at_most": 93}, "within"),
    ],
)
def test_a_bound_holds_if_the_interval_reaches_it(bound, verdict):
    """Oracle: 92 plus or minus some 10 points."""
    tight = [trial(n, epochs((0.9, test))) for n, test in enumerate((0.919, 0.92, 0.921))]
    assert judge([outcome("a", tight)], metric="test/accuracy", unit="percent", **bound).outcome == verdict


def test_a_vague_wording_leaves_its_tolerance_open():
    tight = [trial(n, epochs((0.9, 0.92))) for n in range(3)]
    assert (
        judge([outcome("a", tight)], metric="test/accuracy", value=90, unit="percent", tolerance=3).outcome == "within"
    )
    assert (
        judge([outcome("a", tight)], metric="test/accuracy", value=90, unit="percent", tolerance=1).outcome == "above"
    )


def test_a_curve_is_judged_step_by_step():
    """Oracle: epoch 1 agrees, epoch 2 is far above."""
    reference = Reference.model_validate(
        {
            "study": "s",
            "title": "T",
            "source": "f",
            "entries": [{"place": "p", "name": "n", "metric": "val/accuracy", "images": 50, "curve": {1: 0.5, 2: 0.2}}],
        }
    )
    verdicts = verify(reference, [outcome("a", SEEDS[:1])])
    assert [str(verdict.outcome) for verdict in verdicts] == ["within", "above"]
    assert verdict_counts(verdicts) == {"within": 1, "above": 1}


def test_a_choice_among_metrics_and_among_the_values_of_a_factor():
    """Oracle: the larger of two numbers; a tie counts for both."""
    rules = {"val/accuracy": 0.5, "val/accuracy/tree": 0.6, "val/accuracy/relative": 0.7, "val/accuracy/tied": 0.7}
    runs = [outcome("a", [trial(0, [rules])])]
    among = {"tree": "val/accuracy/tree", "relative": "val/accuracy/relative"}
    assert judge(runs, choice="relative", among=among).outcome == "within"
    found = judge(runs, choice="tree", among=among)
    assert (found.outcome, found.ours) == ("differs", "relative")
    tied = judge(runs, choice="tied", among={**among, "tied": "val/accuracy/tied"})
    assert (tied.outcome, tied.ours) == ("within", "relative or tied")
    better = outcome("b", [trial(0, [{"val/accuracy": 0.9}])])
    assert judge([*runs, better], choice=["b", "c"], factor="loss", metric="val/accuracy").outcome == "within"
    assert judge(runs, choice="b", factor="loss", metric="val/accuracy").outcome == "not run"


@pytest.mark.parametrize(("printed", "verdict"), [(0.02, "within"), (0.5, "below"), (0.001, "above")])
def test_a_hyperparameter_is_within_the_range_of_the_trials_within_a_point_of_the_best(printed, verdict):
    """Oracle: 0.90, 0.895 and 0.891 are within a point of 0.90; 0.88 is not."""
    scores = {0.01: 0.90, 0.03: 0.895, 0.1: 0.891, 0.9: 0.88}
    trials = [trial(n, [{"val/accuracy": score}], lr=lr) for n, (lr, score) in enumerate(scores.items())]
    found = judge([outcome("a", trials)], parameter="lr", value=printed)
    assert (found.outcome, found.ours, found.runs) == (verdict, 0.01, 3)


def test_another_protocol_is_named_with_its_differences():
    """Oracle: two epochs instead of thirty, a default that the search did not touch, one that agrees."""
    found = judge(
        [outcome("a", SEEDS)],
        defaults={"pretrained": False, "batch_size": 64},
        protocol={"epochs": 30, "pretrained": True, "batch_size": 64},
        metric="test/accuracy",
        value=0.92,
    )
    assert (found.outcome, found.ours) == (Outcome.PROTOCOL_DIFFERS, pytest.approx(0.92))
    assert found.how == "epochs 30, here 2; pretrained true, here false"


def test_a_printed_name_stands_for_any_options_of_it():
    """Oracle: the paper says ASHA and HyperOpt and no more; the study wrote its options down."""
    runs = [outcome("a", SEEDS, searcher="hyperopt(n_initial=20)", scheduler="asha(grace_period=1)")]
    printed = {"metric": "test/accuracy", "value": 0.92}
    assert judge(runs, protocol={"searcher": "hyperopt", "scheduler": "asha"}, **printed).outcome == "within"
    assert judge(runs, protocol={"searcher": "hyper"}, **printed).how == "searcher hyper, here hyperopt(n_initial=20)"
    another = judge(runs, protocol={"scheduler": "asha(grace_period=2)"}, **printed)
    assert another.how == "scheduler asha(grace_period=2), here asha(grace_period=1)"


def test_selection_on_test_data_is_a_setting():
    """Oracle: the metric that picked the best trials."""
    printed = {"metric": "test/accuracy", "value": 0.92, "protocol": {"select_on": "test"}}
    runs = outcome("a", SEEDS)
    assert judge([runs], **printed).how == "select_on test, here validation"
    on_test = replace(runs, search=replace(runs.search, metric="test/accuracy"))
    assert judge([on_test], **printed).outcome == "within"


def test_what_was_not_run_or_not_printed_is_said():
    failed = outcome("a", [trial(0, [], TrialState.DIVERGED)])
    assert judge([], metric="test/accuracy", value=1).how == "no such search was run"
    assert judge([failed], metric="test/accuracy", value=1).how == "no trial of it succeeded"
    lost = judge([outcome("a", SEEDS)], metric="test/accuracy", missing="lost in extraction")
    assert (lost.outcome, lost.ours, lost.how) == (Outcome.NOT_PRINTED, pytest.approx(0.92), "lost in extraction")
    rates = outcome("a", [trial(0, epochs((0.9, 0.9)), lr=0.1)])
    lost = judge([rates], parameter="lr", missing="lost in extraction")
    assert (lost.outcome, lost.ours, lost.how) == (Outcome.NOT_PRINTED, 0.1, "lost in extraction")


@pytest.mark.parametrize("state", [TrialState.RUNNING, TrialState.INTERRUPTED])
def test_a_trial_that_has_not_ended_does_not_count(state):
    """Oracle: without it. Its last step is not the last, and would spread a mean of three over everything."""
    going = trial(3, epochs((0.1, 0.1)), state)
    given = {"cell": {"loss": "a"}, "metric": "test/accuracy", "value": 0.91, "at": "last"}
    assert judge([outcome("a", [*SEEDS, going])], **given) == judge([outcome("a", SEEDS)], **given)


def test_failed_replicates_are_told():
    runs = [*SEEDS, trial(3, [], TrialState.DIVERGED)]
    found = judge([outcome("a", runs)], metric="test/accuracy", value=0.92)
    assert found.runs == 3
    assert "1 of 4 runs failed" in found.how


def test_trials_of_one_configuration_are_picked():
    """Oracle: the second configuration's accuracy, though the first is better."""
    trials = [trial(0, [{"val/accuracy": 0.9}], lr=0.1), trial(1, [{"val/accuracy": 0.3}], lr=0.5)]
    assert judge([outcome("a", trials)], config={"lr": 0.5}, metric="val/accuracy", value=0.3).ours == 0.3


def test_the_table_has_a_row_an_entry_without_empty_columns():
    verdict = judge([outcome("a", SEEDS)], cell={"loss": "a"}, metric="test/accuracy", value=0.91)
    (row,) = verify_table([verdict]).records()
    assert row["cell"] == "loss=a"
    assert (row["theirs"], row["ours"], row["verdict"]) == (0.91, 0.92, "within")


def test_one_way_to_differ_is_told_once_under_a_letter():
    """Oracle: two ways, a and b; without notes each row says its own."""
    runs = [outcome("a", SEEDS)]
    verdicts = [judge(runs, protocol={"epochs": n}, metric="test/accuracy", value=0.9) for n in (30, 30, 20)]
    notes = protocol_notes(verdicts)
    assert notes == {"epochs 30, here 2": "a", "epochs 20, here 2": "b"}
    told = [row["verdict"] for row in verify_table(verdicts, notes).records()]
    assert told == ["protocol differs (a)", "protocol differs (a)", "protocol differs (b)"]
    assert verify_table(verdicts).records()[2]["how"] == "epochs 20, here 2"


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ({}, "exactly one of"),
        ({"value": 1, "choice": "a"}, "exactly one of"),
        ({"value": 1}, "must name the metric"),
        ({"value": "high", "metric": "m"}, "must be a number"),
        ({"choice": "a"}, "one of among and factor"),
        ({"value": 1, "metric": "m", "unit": "points"}, "'percent'"),
        ({"value": 1, "metric": "m", "colour": "red"}, "Extra inputs"),
    ],
)
def test_a_reference_that_says_too_little_or_too_much_is_refused(entry, rule):
    with pytest.raises(ValidationError, match=rule):
        Reference.model_validate(
            {"study": "s", "title": "T", "source": "f", "entries": [{"place": "p", "name": "n", **entry}]}
        )


@pytest.mark.parametrize("study", references.shipped())
def test_every_shipped_reference_loads(study):
    assert references.load(study).study == study
