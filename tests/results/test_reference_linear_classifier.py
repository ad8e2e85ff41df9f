"""The linear classifier's printed numbers: as the paper has them, decoded, and each of a search that the study runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.references import Entry, load
from tuner.load import load_study
from tuner.plan import plan_study

STUDIES = Path(__file__).parents[2] / "studies"
# Listing 3 as printed, under the header Lambda, Eta, BatchSize, ValAccuracy.
LISTING_3 = [
    (10, 0.001, 100, 40.8),
    (0, 0.000, 50, 40.7),
    (14, 0.001, 200, 40.6),
    (5, 0.000, 200, 40.5),
    (9, 0.001, 50, 40.0),
    (2, 0.000, 200, 39.9),
    (11, 0.001, 200, 39.8),
    (17, 0.001, 200, 39.6),
    (1, 0.000, 100, 39.5),
    (4, 0.000, 100, 39.5),
]
LAMBDAS, ETAS, BATCHES = (0, 0.001, 0.1, 1), (0.001, 0.005, 0.01), (50, 100, 200)
# Listings 1, 2, 5 and 6: training, validation, testing.
ACCURACIES = {
    "Listing 1": (44.42, 53.20, 47.24),
    "Listing 2": (44.33, 51.90, 47.25),
    "Listing 5": (44.37, 53.70, 46.92),
    "Listing 6": (45.18, 79.00, 51.87),
}


def entries(study: str) -> tuple[Entry, ...]:
    return load(study).entries


def test_listing_3_is_decoded() -> None:
    """Oracle: the number of a combination counts batch sizes fastest; its lambda and batch size are printed too."""
    rows = [entry for entry in entries("linear_classifier_grid") if entry.place.startswith("Listing 3")]
    for entry, (number, printed_lambda, printed_batch, accuracy) in zip(rows, LISTING_3, strict=True):
        l2, lr, batch_size = LAMBDAS[number // 9], ETAS[number // 3 % 3], BATCHES[number % 3]
        assert (l2, batch_size) == (printed_lambda, printed_batch)
        assert entry.config == {"l2": l2, "lr": lr, "batch_size": batch_size}
        assert entry.value == accuracy


def test_the_grid_is_the_papers_in_the_order_of_its_numbers() -> None:
    """Oracle: 36 combinations; combination 10 is the one that the paper calls best."""
    space = load_study(STUDIES / "linear_classifier_grid.yaml").space
    searched = {name: domain["choice"] for name, domain in space.items()}
    assert searched == {"l2": [*LAMBDAS], "lr": [*ETAS], "batch_size": [*BATCHES]}
    best = {entry.parameter: entry.value for entry in entries("linear_classifier_grid") if entry.parameter}
    assert best == {"l2": LAMBDAS[10 // 9], "lr": ETAS[10 // 3 % 3], "batch_size": BATCHES[10 % 3]}


@pytest.mark.parametrize("listing", ACCURACIES)
def test_accuracies(listing: str) -> None:
    """Oracle: the listings; the refitted reading repeats the same printed values."""
    found: dict[tuple[str | None, str], set[object]] = {}
    for entry in entries("linear_classifier"):
        if entry.place == listing:
            split = (entry.metric or "").partition("/")[0]
            found.setdefault((entry.metric, split), set()).add(entry.value)
    printed = dict(zip(("train", "val", "test"), ACCURACIES[listing], strict=True))
    for (_, split), values in found.items():
        assert values == {printed[split]}
    assert {"train/accuracy", "val/accuracy", "test/accuracy"} <= {metric for metric, _ in found}


def test_listing_4_has_forty_lines() -> None:
    """Oracle: its first, tenth and last lines, and that the loss never rises."""
    loss, accuracy = (entry.curve for entry in entries("linear_classifier") if entry.curve)
    assert list(loss) == list(accuracy) == list(range(1, 41))
    assert [loss[epoch] for epoch in (1, 10, 40)] == [1.8440, 1.7029, 1.6960]
    assert [accuracy[epoch] for epoch in (1, 10, 40)] == [36.23, 42.19, 42.46]
    assert list(loss.values()) == sorted(loss.values(), reverse=True)


def test_every_value_belongs_to_one_search_of_the_study() -> None:
    """Oracle: the plan; a choice among the values of a factor belongs to as many searches as it has values."""
    searches = plan_study(load_study(STUDIES / "linear_classifier.yaml")).searches
    for entry in entries("linear_classifier"):
        found = [search for search in searches if entry.cell.items() <= search.cell.items()]
        values = {str(search.cell[entry.factor]) for search in found} if entry.factor else {"one"}
        assert len(found) == len(values), entry
        assert len(found) > 1 or not entry.factor, entry
