"""Tables of a study made by hand. Oracle: the records, and scipy for the tests between them."""

from __future__ import annotations

import dataclasses
from statistics import fmean

import pytest
from scipy import stats

from results.pivot import PivotTable, TableError, TableSpec, pivot
from results.records import TrialState
from results.significance import holm
from results.statistics import mean_half_width

from .worked import CONFIGS, FINALS, SEEDS, final_runs, outcome, study, trial


def table(outcomes=None, **spec) -> PivotTable:
    """A table of the worked study."""
    given = {"name": "t", "cell": "test/accuracy", **spec}
    return pivot(study() if outcomes is None else outcomes, TableSpec.model_validate(given))


def texts(made: PivotTable) -> dict[tuple[str, ...], list[str]]:
    return {row.labels: [cell.text for cell in row.cells] for row in made.rows}


def noted(made: PivotTable, *parts: str) -> bool:
    return any(all(part in note for part in parts) for note in made.notes)


def test_a_cell_is_the_mean_of_the_final_runs_with_its_interval_and_its_search():
    made = table(rows=["loss"], columns=["dataset"])
    assert made.row_factors == ("loss",)
    assert made.column_factors == ("dataset",)
    assert made.columns == (("MNIST",), ("KMNIST",))
    cell = made.rows[0].cells[0]
    values = FINALS["MNIST", "cosine"]
    assert cell.value == pytest.approx(fmean(values))
    assert cell.half_width == pytest.approx(mean_half_width(values))
    assert (cell.n, cell.run_id, cell.search_key) == (5, "run-MNIST-cosine", "MNIST-cosine")
    assert cell.text == "0.9200 ± 0.0196"
    assert noted(made, "test/accuracy: mean ± half its 95% interval over n=5 runs")


def test_a_hole_of_the_grid_is_an_empty_cell():
    made = table(rows=["loss"], columns=["dataset"])
    assert texts(made)["push_pull",] == ["0.9170 ± 0.0254", ""]
    assert made.rows[1].cells[1].run_id is None


def test_the_best_of_each_column_and_what_is_not_significantly_worse():
    """Oracle: scipy's paired tests over the shared seeds, and Holm's correction for two of them."""
    made = table(rows=["loss"], columns=["dataset"])
    marks = {row.labels[0]: [(cell.best, cell.tied) for cell in row.cells] for row in made.rows}
    best = FINALS["MNIST", "cosine"]
    ps = [stats.ttest_rel(best, FINALS["MNIST", loss]).pvalue for loss in ("push_pull", "euclidean")]
    near, far = holm(ps)
    assert near > 0.05 > far
    assert marks == {
        "cosine": [(True, False), (True, False)],
        "push_pull": [(False, True), (False, False)],
        "euclidean": [(False, False), (False, False)],
    }
    assert noted(made, "Bold: the highest test/accuracy of each column.")
    assert noted(made, "†: not significantly worse", "paired t test over n=5 shared seeds", "Holm")


def test_several_comparisons_are_corrected():
    """Oracle: p = 0.04 alone would be significant; with a second comparison Holm doubles it."""
    rivals = {"a": (0.0,) * 5, "b": (0.010, 0.002, 0.012, 0.001, 0.011), "c": (0.009, 0.003, 0.012, 0.001, 0.011)}
    ps = [stats.ttest_1samp(rivals[name], 0).pvalue for name in "bc"]
    assert max(ps) < 0.05 < 2 * min(ps)
    outcomes = [
        outcome(
            {"loss": name},
            [trial(0, [{"val/accuracy": 0.9}])],
            finals=final_runs([top - less for top, less in zip(FINALS["MNIST", "cosine"], given, strict=True)]),
        )
        for name, given in rivals.items()
    ]
    assert [row.cells[0].tied for row in table(outcomes, rows=["loss"]).rows] == [False, True, True]
    assert [row.cells[0].tied for row in table(outcomes[:2], rows=["loss"]).rows] == [False, False]


def test_what_is_of_different_images_is_not_compared_unless_asked():
    made = table(rows=["dataset", "loss"])
    best = [row.labels for row in made.rows if row.cells[0].best]
    assert best == [("MNIST", "cosine"), ("KMNIST", "cosine")]
    assert noted(made, "over loss, for each dataset")
    every = table(rows=["dataset", "loss"], compare=["dataset", "loss"])
    assert [row.labels for row in every.rows if row.cells[0].best] == [("MNIST", "cosine")]
    assert not any(cell.best for row in table(rows=["loss"], compare=[]).rows for cell in row.cells)


def test_the_best_of_each_row_where_the_rows_choose_the_images():
    made = table(rows=["dataset"], columns=["loss"])
    assert [[cell.best for cell in row.cells] for row in made.rows] == [[True, False, False], [True, False, False]]


def test_metrics_names_make_a_factor():
    made = table(rows=["dataset", "loss"], columns=["rule"], cell="test/accuracy/{rule}")
    assert made.columns == (("cos",), ("euc",))
    assert texts(made)["KMNIST", "euclidean"] == ["0.6200 ± 0.0196", "0.6100 ± 0.0196"]
    chosen = table(rows=["loss"], columns=["dataset", "rule"], cell="test/accuracy/{rule:euc|cos}")
    assert chosen.columns == (("MNIST", "euc"), ("MNIST", "cos"), ("KMNIST", "euc"), ("KMNIST", "cos"))
    assert [(header.text, header.span) for header in chosen.headers[0]] == [("MNIST", 2), ("KMNIST", 2)]
    over = table(rows=["loss", "rule"], columns=["dataset"], cell="test/accuracy/{rule}")
    assert [row.labels for row in over.rows][:2] == [("cosine", "cos"), ("cosine", "euc")]


def test_several_quantities_make_the_innermost_columns():
    made = table(rows=["loss"], columns=["dataset"], cell={"best": "test/accuracy", "lr": "config/lr", "at": "step"})
    assert made.column_factors == ("dataset", "cell")
    assert made.columns[:3] == (("MNIST", "best"), ("MNIST", "lr"), ("MNIST", "at"))
    assert texts(made)["euclidean",][1:3] == ["0.001235", "2"]
    assert made.rows[2].cells[1].value == CONFIGS["euclidean"]["lr"]
    turned = table(rows=["cell"], columns=["loss"], cell=["config/lr", "config/r"], compare=[])
    assert texts(turned) == {("lr",): ["0.0004", "0.001", "0.001235"], ("r",): ["", "0.95", ""]}
    assert made.rows[0].cells[1].best is False


def test_a_bare_metric_beside_one_by_rule_stands_in_a_column_of_its_own():
    made = table(rows=["loss"], columns=["rule"], cell=["step", "test/accuracy/{rule}"])
    assert made.columns == (("", "step"), ("cos", "test/accuracy"), ("euc", "test/accuracy"))
    after = table(rows=["loss"], columns=["rule"], cell=["test/accuracy/{rule}", "step"])
    assert after.columns[-1] == ("", "step")


def test_which_rule_is_best_and_how_far_the_winner_flattered():
    """Oracle: by hand: `cos` is a point above `euc`; 0.96 on validation images, 0.92 on the test's."""
    cell = {"rule": "best test/accuracy/{rule}", "gap": "optimism", "n": "runs"}
    made = table(rows=["dataset", "loss"], cell=cell)
    assert texts(made)["MNIST", "cosine"] == ["cos", "0.0400", "5"]
    assert made.rows[0].cells[1].value == pytest.approx(0.96 - fmean(FINALS["MNIST", "cosine"]))


def test_equal_rules_are_both_named():
    metrics = {"val/accuracy": 0.9, "val/accuracy/b": 0.9, "val/accuracy/a": 0.9, "val/accuracy/c": 0.8}
    (row,) = table([outcome({}, [trial(0, [metrics])])], cell="best val/accuracy/{rule}").rows
    assert row.cells[0].text == "a or b"


def test_where_a_factor_is_left_out_the_best_search_by_validation_stands():
    """The best on the test images is another one: nothing is picked by them."""
    outcomes = [
        outcome({"loss": "a", "depth": 1}, [trial(0, [{"val/accuracy": 0.7, "test/accuracy": 0.9}])]),
        outcome({"loss": "a", "depth": 2}, [trial(0, [{"val/accuracy": 0.8, "test/accuracy": 0.6}])]),
        outcome({"loss": "a", "depth": 3}, []),
    ]
    made = table(outcomes, rows=["loss"])
    assert texts(made) == {("a",): ["0.6000"]}
    assert made.rows[0].cells[0].search_key == "a-2"
    assert noted(made, "that differ in depth the best by val/accuracy is shown; 2 others are not")


def test_runs_without_shared_seeds_are_not_tested_and_the_table_says_so():
    outcomes = [
        outcome(
            {"loss": name},
            [
                trial(n, [{"val/accuracy": 0.9, "test/accuracy": 0.8 + n / 100 + shift}], seed=100 * shift + n)
                for n in range(4)
            ],
        )
        for shift, name in enumerate(("a", "b"))
    ]
    made = table(outcomes, rows=["loss"])
    assert [row.cells[0].n for row in made.rows] == [4, 4]
    assert [row.cells[0].best for row in made.rows] == [False, True]
    assert noted(made, "Nothing was tested against the best (no shared seeds)")
    two = [dataclasses.replace(given, finals=final_runs(FINALS["MNIST", "cosine"][:2])) for given in study()[:2]]
    two[1] = dataclasses.replace(two[1], finals=final_runs((0.5, 0.6)))
    assert noted(table(two, rows=["loss"]), "2 shared seeds, fewer than 3")


def test_unequal_numbers_of_runs_are_said_in_every_cell():
    outcomes = study()[:2]
    outcomes[1] = dataclasses.replace(outcomes[1], finals=outcomes[1].finals[:3])
    made = table(outcomes, rows=["loss"])
    assert [cell.text.partition("(")[2] for row in made.rows for cell in row.cells] == ["n=5)", "n=3)"]
    assert noted(made, "over n=3 to 5 runs, as given")


def test_missing_pieces_are_empty_cells_and_notes():
    failed = dataclasses.replace(trial(0, [{"val/accuracy": 0.9}]), state=TrialState.CRASHED)
    outcomes = [*study()[:1], outcome({"dataset": "MNIST", "loss": "new"}, [failed])]
    made = table(outcomes, rows=["loss"], cell=["test/accuracy", "test/f1", "config/lr", "optimism"])
    assert texts(made)["new",] == ["", "", "", ""]
    assert made.rows[1].cells[0].why == "no trial succeeded"
    assert noted(made, "Empty: MNIST-new: no trial succeeded")
    assert noted(made, "Empty: MNIST-cosine: test/f1 was not measured")
    by_rule = table(outcomes, rows=["loss"], columns=["rule"], cell="test/accuracy/{rule}")
    assert texts(by_rule)["new",] == ["", ""]
    nothing = table(outcomes[1:], rows=["loss"], columns=["rule"], cell="test/accuracy/{rule}")
    assert (nothing.columns, texts(nothing)) == ((), {("new",): []})


def test_a_study_without_searches_or_without_a_grid_has_its_table_too():
    empty = table([], rows=["loss"], columns=["dataset"])
    assert (empty.rows, empty.columns) == ((), ())
    assert noted(empty, "No search of this table has been run.")
    single = table([outcome({}, [trial(0, [{"val/accuracy": 0.9}])])], cell="val/accuracy")
    assert texts(single) == {(): ["0.9000"]}
    assert single.headers[-1][0].text == "val/accuracy"


def test_final_runs_that_failed_are_counted():
    outcomes = study()[:1]
    failed = dataclasses.replace(outcomes[0].finals[0], state=TrialState.CRASHED)
    outcomes = [dataclasses.replace(outcomes[0], finals=[failed, *outcomes[0].finals[1:]])]
    made = table(outcomes, rows=["loss"])
    assert made.rows[0].cells[0].n == 4
    assert noted(made, "MNIST-cosine: 1 of 5 runs failed")


def test_small_is_good_for_losses_and_where_the_study_or_the_table_says_so():
    def best(outcomes, **spec) -> list[bool]:
        return [row.cells[0].best for row in table(outcomes, rows=["loss"], **spec).rows]

    metrics = [
        {"val/accuracy": 0.9, "test/loss": 2.0, "score": 1.0},
        {"val/accuracy": 0.9, "test/loss": 1.0, "score": 2.0},
    ]
    high = [outcome({"loss": name}, [trial(0, [given])]) for name, given in zip("ab", metrics, strict=True)]
    assert best(high, cell="test/loss") == [False, True]
    assert best(high, cell="score") == [False, False]
    assert best(high, cell="score", mode="max") == [False, True]
    assert best(high, cell="score", mode="min") == [True, False]
    low = [dataclasses.replace(o, search=dataclasses.replace(o.search, metric="score", mode="min")) for o in high]
    assert best(low, cell="score") == [True, False]
    both = table(low, rows=["loss"], cell=["val/accuracy", "score", "test/loss"])
    assert noted(both, "Bold: the lowest score, test/loss of each column.")
    mixed = table(study(), rows=["loss"], columns=["dataset"], cell=["test/accuracy", "test/accuracy/cos_error"])
    assert noted(mixed, "Bold: the highest test/accuracy of each column.")


def test_the_last_step_counts_where_the_table_says_so():
    made = table(rows=["loss"], columns=["dataset"], cell="val/accuracy", at="last")
    assert made.rows[0].cells[0].value == 0.6
    assert noted(made, "val/accuracy at the last step: n=1, one run each")


def test_what_was_selected_on_test_data_says_so():
    chosen = outcome({"loss": "a"}, [trial(0, [{"test/accuracy": 0.9}])], metric="test/accuracy")
    assert noted(table([chosen], rows=["loss"]), "Selected on test data", "test/accuracy")
    assert not noted(table(rows=["loss"]), "Selected on test data")


def test_percentages_and_numbers_of_any_size():
    made = table(rows=["loss"], columns=["dataset"], percent=True)
    assert made.rows[0].cells[0].text == "92.00 ± 1.96"
    sizes = {"a": 12345.678, "b": 0.00001234, "c": 0.0}
    single = table([outcome({}, [trial(0, [{"val/accuracy": 0.9, **sizes}])])], cell=list(sizes))
    assert [cell.text for cell in single.rows[0].cells] == ["1.235e+04", "1.234e-05", "0.0000"]


def test_values_of_factors_keep_their_kind_and_numbers_their_order():
    cells = [{"n": 10, "flag": True}, {"n": 9, "flag": None}, {"n": 9, "flag": 1}, {"n": 9, "flag": False}]
    outcomes = [outcome(cell, [trial(0, [{"val/accuracy": index / 10}])]) for index, cell in enumerate(cells)]
    made = table(outcomes, rows=["n", "flag"], cell="val/accuracy")
    assert [row.labels for row in made.rows] == [("9", "none"), ("9", "1"), ("9", "false"), ("10", "true")]


def test_every_mistake_of_a_spec_is_told_with_the_choices():
    with pytest.raises(TableError) as error:
        table(rows=["los"], columns=["rule", "rule"], cell="test/accuracy/{rule}")
    assert str(error.value).splitlines() == [
        "rows.0: is neither a factor of the grid nor one that the cell makes, but got 'los'; choices: "
        "dataset, loss, rule, cell",
        "columns.1: stands twice in this table, but got 'rule'",
    ]


def test_only_some_searches_are_shown():
    """In the order in which they are picked."""
    made = table(rows=["dataset", "loss"], only={"dataset": ["MNIST"], "loss": ["euclidean", "cosine"]})
    assert list(texts(made)) == [("MNIST", "euclidean"), ("MNIST", "cosine")]
    with pytest.raises(TableError, match=r"only.data: is not a factor of the grid, but got 'data'; choices: dataset"):
        table(only={"data": ["MNIST"]})


def test_the_seeds_of_a_cell_are_those_of_its_runs():
    cell = table(rows=["loss"], columns=["dataset"]).rows[0].cells[0]
    assert cell.seeds == tuple(zip(SEEDS, FINALS["MNIST", "cosine"], strict=True))
