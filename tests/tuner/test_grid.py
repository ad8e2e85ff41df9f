"""A grid as a product of factors and as a list of cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tuner import InputError, Study, plan_study
from tuner.grid import read_grid
from tuner.load import load_study
from tuner.options.problems import Problems

ROWS = [
    {"loss": "cosine", "batch_size": 1},
    {"loss": "cosine", "batch_size": 2},
    {"loss": "euclidean", "batch_size": 1},
]


def study(grid: Any) -> Study:
    search = {"metric": "val/accuracy", "mode": "max", "trials": 1, "budget": {"max": 1}}
    fixed = {"dataset": "digits", "backbone": "mlp", "embedding_dim": 4}
    return Study.model_validate(
        {"name": "s", "trainable": "moving_targets", "fixed": fixed, "grid": grid, "search": search}
    )


def test_a_list_of_cells_is_compared_as_it_stands() -> None:
    """Oracle: the rows themselves; factors hold each value once, in order of appearance."""
    grid = read_grid(ROWS)
    assert grid.cells() == ROWS
    assert dict(grid) == {"loss": ("cosine", "euclidean"), "batch_size": (1, 2)}
    assert grid.place("batch_size", ROWS[2]) == (2, "batch_size")


def test_a_mapping_is_every_combination_the_last_factor_fastest() -> None:
    """Oracle: two by two, by hand."""
    grid = read_grid({"a": [1, 2], "b": ["x", "y"]})
    assert [tuple(cell.values()) for cell in grid.cells()] == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]
    assert grid.place("b", {"a": 2, "b": "y"}) == ("b", 1)


def test_true_and_one_stay_two_values_of_a_listed_factor() -> None:
    assert read_grid([{"x": True}, {"x": 1}])["x"] == (True, 1)
    assert [type(value) for value in read_grid([{"x": True}, {"x": 1}])["x"]] == [bool, int]


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ([], ["must hold at least one cell"]),
        ([{"a": 1}, {"b": 1}], ["must name the factors of the first cell, a"]),
        ([{"a": 1}, {"a": 1}], ["stands twice in the grid"]),
        ([{"a": [1]}, 3, {"a b": 1}], ["must be text, a number", "must be a cell", "is not a legal name"]),
        ([{}], ["must be a cell"]),
    ],
)
def test_every_mistake_in_a_list_of_cells_is_told(grid: Any, told: list[str]) -> None:
    with pytest.raises(Problems) as caught:
        read_grid(grid)
    rules = [problem.rule for problem in caught.value.problems]
    assert all(any(text in rule for rule in rules) for text in told)


def test_the_source_of_a_listed_study_reads_back_as_the_same_cells(tmp_path: Path) -> None:
    """Oracle: the rows; the text is what `tuner run` keeps with the record."""
    path = tmp_path / "study.yaml"
    path.write_text(study(ROWS).source, encoding="utf-8")
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["grid"] == ROWS
    assert load_study(path).cells() == ROWS


def test_only_picks_listed_cells_and_refuses_values_that_never_meet() -> None:
    """Oracle: the rows with that value; euclidean stands with batches of 1 alone."""
    cells = [dict(search.cell) for search in plan_study(study(ROWS), only={"loss": ["cosine"]}).searches]
    assert cells == ROWS[:2]
    with pytest.raises(InputError, match="stand in no cell together"):
        plan_study(study(ROWS), only={"loss": ["euclidean"], "batch_size": [2]})
