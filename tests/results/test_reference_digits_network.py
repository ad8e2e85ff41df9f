"""results/reference/digits_network.yaml: the numbers of sections IV to VI, read off the paper once more by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from results.references import load
from trainables.digits_network_options import DigitsNetworkOptions
from trainables.options import read

ROOT = Path(__file__).parents[2]
STUDY: dict[str, Any] = yaml.safe_load((ROOT / "studies" / "digits_network.yaml").read_text(encoding="utf-8"))
ENTRIES = load("digits_network").entries


def printed(init: str, l2: float, train_size: int | None, metric: str) -> list[object]:
    """What stands here for one of the five rows, by its metric."""
    cell = {"hidden": 200, "second_hidden": 20, "init": init, "l2": l2, "train_size": train_size}
    return [e.value for e in ENTRIES if e.cell == cell and e.metric == metric and e.value is not None]


@pytest.mark.parametrize(
    ("init", "l2", "train_size", "training", "test"),
    [
        ("random", 0, 41000, [79.9], [76.6]),
        ("kaiming", 0, 41000, [80.307], [77.7]),
        ("kaiming", 0.01, 41000, [80.282], [80.4]),
        ("random", 0.01, None, [89.2], [88.8]),
        ("kaiming", 0.01, None, [89.48], [89.4, 89.48]),
    ],
)
def test_the_five_rows(init: str, l2: float, train_size: int | None, training: list[float], test: list[float]) -> None:
    """Oracle: section IV; the last test accuracy stands twice, as sections IV and VI print it."""
    assert printed(init, l2, train_size, "train/accuracy") == training
    assert printed(init, l2, train_size, "test/accuracy") == test


def test_the_two_layer_network() -> None:
    """Oracle: section IV: 60%."""
    (entry,) = [e for e in ENTRIES if e.cell.get("second_hidden", 0) is None]
    assert (entry.value, entry.unit, entry.metric) == (60, "percent", "test/accuracy")


def test_digits_that_were_not_recognised() -> None:
    """Oracle: section V: 5 and 8; 5; 4. Section VI: 5 and 8 with 60k too."""
    found = {(e.place[:3].strip(" ,"), e.cell["init"], e.cell["train_size"], e.metric) for e in ENTRIES if e.at_most}
    recall = "test/recall/{}".format
    assert found == {
        ("V", "random", 41000, recall(5)),
        ("V", "random", 41000, recall(8)),
        ("V", "random", None, recall(5)),
        ("V", "kaiming", None, recall(4)),
        ("VI", "random", None, recall(8)),
        ("VI", "kaiming", None, recall(5)),
        ("VI", "kaiming", None, recall(8)),
    }


def test_every_entry_is_of_a_cell_of_the_study_and_of_its_last_step() -> None:
    """Oracle: the study. A choice leaves its factor open."""
    cells: list[dict[str, Any]] = STUDY["grid"]
    for entry in ENTRIES:
        assert entry.at == "last"
        matching = [cell for cell in cells if entry.cell.items() <= cell.items()]
        assert len(matching) == (2 if entry.factor else 1), entry


def test_the_study_spells_out_the_trainables_defaults() -> None:
    """Oracle: the options' own defaults: a study of two keys is the paper's first row."""
    row = read(DigitsNetworkOptions, {**STUDY["fixed"], **STUDY["grid"][1]})
    assert row == read(DigitsNetworkOptions, {"dataset": "MNIST", "train_size": 41000, "passes_per_epoch": 50})
