"""Two studies by hand, side by side. Oracle: the records, scipy's tests, Holm's correction by hand."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest
from scipy import stats

from results.significance import holm
from results.study_comparison import compare_studies, comparison_table

from .pivot.worked import FINALS, final_runs, outcome, study, trial


def changed(less: float = 0.05):
    """The worked study again, euclidean better by `less`, and with a cell of its own."""
    outcomes = []
    for given in study():
        values = FINALS[tuple(given.search.cell.values())]
        shift = [less + 0.001 * i if "euclidean" in given.search.key else 0.0 for i in range(5)]
        finals = final_runs([value + more for value, more in zip(values, shift, strict=True)])
        outcomes.append(dataclasses.replace(given, finals=finals))
    return [*outcomes[1:], outcome({"dataset": "KMNIST", "loss": "new"}, [trial(0, [{"val/accuracy": 0.5}])])]


def test_the_same_cells_are_compared_in_pairs_and_corrected_for_their_number():
    found = compare_studies(study(), changed())
    assert (found.metric, found.factors) == ("test/accuracy", ("dataset", "loss"))
    assert [tuple(cell.cell.values()) for cell in found.cells] == list(FINALS)[1:]
    first, second = (
        FINALS["MNIST", "euclidean"],
        [v + 0.05 + 0.001 * i for i, v in enumerate((0.8, 0.81, 0.82, 0.83, 0.84))],
    )
    cell = found.cells[1]
    assert cell.comparison.p == pytest.approx(stats.ttest_rel(second, first).pvalue)
    assert cell.comparison.difference == pytest.approx(0.052)
    assert [c.verdict for c in found.cells] == ["not different", "higher", "not different", "higher"]
    assert [c.p for c in found.cells] == holm([c.comparison.p for c in found.cells])
    assert (cell.first.run_id, cell.first.n, cell.comparison.said) == ("run-MNIST-euclidean", 5, "paired t test, n=5")
    assert found.notes == (
        "Only in the first study: dataset=MNIST, loss=cosine.",
        "Only in the second study: dataset=KMNIST, loss=new.",
    )


def test_the_other_way_round_the_signs_turn():
    verdicts = [cell.verdict for cell in compare_studies(changed(), study()).cells]
    assert verdicts == ["not different", "lower", "not different", "lower"]


def test_without_shared_seeds_it_is_welchs_test():
    """Oracle: scipy.stats.ttest_ind with unequal variances."""
    other = []
    for given in study():
        moved = [dataclasses.replace(final, seed=final.seed + 100) for final in given.finals]
        other.append(dataclasses.replace(given, finals=moved))
    cell = compare_studies(study(), other, metric="test/accuracy/euc").cells[0]
    assert cell.comparison.said == "Welch's t test, n=5 and 5"
    assert (cell.p, cell.verdict) == (1.0, "not different")
    values = FINALS["MNIST", "cosine"]
    lower = [
        dataclasses.replace(final, seed=final.seed + 100) for final in final_runs([value - 0.05 for value in values])
    ]
    shifted = [dataclasses.replace(other[0], finals=lower)]
    cell = compare_studies(study()[:1], shifted).cells[0]
    oracle = stats.ttest_ind([v - 0.05 for v in values], values, equal_var=False)
    assert cell.comparison.p == pytest.approx(oracle.pvalue)
    assert cell.verdict == "lower"


def test_where_one_study_splits_a_cell_its_best_by_validation_stands():
    finer = [
        outcome(
            {"loss": "a", "depth": depth}, [trial(0, [{"val/accuracy": depth / 10, "test/accuracy": 0.9 - depth / 10}])]
        )
        for depth in (1, 2)
    ]
    whole = [outcome({"loss": "a"}, [trial(0, [{"val/accuracy": 0.3, "test/accuracy": 0.5}])])]
    found = compare_studies(whole, finer)
    assert found.factors == ("loss",)
    assert found.cells[0].second.search == "a-2"
    assert found.notes == ("loss=a: the best of 2 searches of the second study.",)
    assert found.cells[0].comparison.why == "1 shared seed, fewer than 3"
    assert found.cells[0].comparison.difference == pytest.approx(0.2)


def test_missing_pieces_are_said():
    untested = [outcome({}, [trial(0, [{"val/accuracy": 0.5}])])]
    failed = [outcome({}, [])]
    found = compare_studies(untested, failed)
    assert (found.metric, found.cells[0].second.why) == (
        "val/accuracy",
        "no trial has this configuration, or none has ended",
    )
    assert found.cells[0].verdict == ""
    assert compare_studies(untested, []).notes == (
        "The second study has no search.",
        "Only in the first study: the whole.",
    )
    assert compare_studies([], []).cells == ()
    on_test = [outcome({}, [trial(0, [{"test/accuracy": 0.5}])], metric="test/accuracy")]
    assert "selected on test data" in compare_studies(on_test, on_test).notes[0]


def test_the_last_step_is_compared_where_asked():
    found = compare_studies(study()[:1], study()[:1], metric="val/accuracy", at="last")
    assert found.cells[0].first.mean == 0.6


def test_both_tables_hold_what_was_found():
    found = compare_studies(study(), changed())
    short, full = comparison_table(found, ("a", "b")), comparison_table(found, ("a", "b"), full=True)
    assert short.columns == ("dataset", "loss", "a", "b", "difference", "p (Holm)", "test", "verdict")
    assert short.records()[1]["difference"].startswith("+0.0520 ± 0.00")
    rows = list(csv.DictReader(io.StringIO(full.csv())))
    cell = found.cells[1]
    assert [float(rows[1][name]) for name in ("a mean", "b mean", "b n", "difference", "p", "p (Holm)")] == [
        cell.first.mean, cell.second.mean, 5, cell.comparison.difference, cell.comparison.p, cell.p,
    ]  # fmt: skip
