"""results/reference/moving_targets.yaml: the numbers of Tables 5 to 9, read off the paper once more by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from search_spaces.presets import load_preset
from trainables import catalog

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "results" / "reference" / "moving_targets.yaml"
QUOTED = ROOT / "results" / "reference" / "quoted" / "moving_targets.yaml"
STUDY = yaml.safe_load((ROOT / "studies" / "moving_targets.yaml").read_text(encoding="utf-8"))
ENTRIES: list[dict[str, Any]] = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))["entries"]
LOST = "lost in extraction"


def table(entry: dict[str, Any]) -> str:
    return str(entry["place"].split(",")[0])


def value(place: str, key: str) -> Any:
    """What the entry at `place` with this metric or parameter holds; LOST for one that is missing."""
    (entry,) = [e for e in ENTRIES if e["place"] == place and key in (e.get("metric"), e.get("parameter"))]
    return entry.get("value", entry.get("missing"))


def test_every_cell_of_every_table_stands_here_once() -> None:
    """Oracle: the tables' shapes. 5 data sets x (12 models x 4 rules + 3 pure models x 3); x (15 lr + 12 d + 6 r)."""
    counts = Counter(table(entry) for entry in ENTRIES if "choice" not in entry)
    assert counts == {"Table 5": 20, "Table 6": 3 * 57, "Table 7": 2 * 57, "Table 8": 2 * 33, "Table 9": 3 * 33}
    keys = [(e["place"], e.get("metric"), e.get("parameter"), e["name"]) for e in ENTRIES]
    assert len(set(keys)) == len(keys)


def test_what_the_extraction_lost_is_marked_and_nothing_else() -> None:
    """Oracle: the damaged rows, by hand."""
    lost = {(e["place"], e.get("metric") or e["parameter"]) for e in ENTRIES if "missing" in e}
    pure = {
        (f"Table 7, CIFAR100, {model}", f"test/accuracy/{rule}")
        for model in ("RN18-P", "RN50-P", "RN101-P")
        for rule in ("cos", "euc", "argmax")
    }
    nested = {("Table 7, CIFAR100, RN101-PP", f"test/accuracy/{rule}") for rule in ("cos_ce", "euc_ce")}
    rates = {("Table 8, CIFAR100, RN101-P", "lr"), ("Table 9, F-MNIST, RN18-P", "lr")}
    assert lost == pure | nested | rates
    assert all(e["missing"] == LOST and "value" not in e for e in ENTRIES if "missing" in e)


@pytest.mark.parametrize(
    ("place", "key", "printed"),
    [
        ("Table 6, MNIST, RN18-E", "test/accuracy/euc", 99.48),
        ("Table 6, MNIST, RN50-C", "test/accuracy/euc", 96.73),
        ("Table 6, MNIST, RN101-P", "test/accuracy/argmax", 99.25),
        ("Table 6, MNIST, RN101-P", "test/accuracy/euc", 98.92),
        ("Table 6, F-MNIST, RN101-CP", "test/accuracy/cos", 91.09),
        ("Table 6, F-MNIST, RN50-P", "test/accuracy/argmax", 91.36),
        ("Table 6, F-MNIST, RN50-C", "test/accuracy/euc_ce", 89.58),
        ("Table 6, K-MNIST, RN101-C", "test/accuracy/euc", 85.96),
        ("Table 6, K-MNIST, RN18-PP", "test/accuracy/cos_ce", 96.98),
        ("Table 7, CIFAR10, RN18-P", "test/accuracy/cos", 72.60),
        ("Table 7, CIFAR10, RN18-P", "test/accuracy/argmax", 72.47),
        ("Table 7, CIFAR10, RN101-C", "test/accuracy/euc", 56.44),
        ("Table 7, CIFAR100, RN18-E", "test/accuracy/cos_ce", 36.71),
        ("Table 7, CIFAR100, RN50-C", "test/accuracy/euc", 20.52),
        ("Table 7, CIFAR100, RN101-CP", "test/accuracy/euc_ce", 28.19),
        ("Table 7, CIFAR100, RN101-PP", "test/accuracy/cos", 28.84),
        ("Table 7, CIFAR100, RN101-PP", "test/accuracy/euc", 27.79),
        ("Table 5, K-MNIST, RN18-PP", "test/accuracy/euc", 96.68),
        ("Table 5, CIFAR100, RN18-P", "test/accuracy/argmax", 39.19),
        ("Table 5, CIFAR100, RN50-P", "test/accuracy/argmax", 36.97),
        ("Table 8, CIFAR10, RN18-CP", "lr", 0.001206190),
        ("Table 8, CIFAR10, RN101-CP", "r", 754617),
        ("Table 8, CIFAR100, RN18-PP", "embedding_dim", 203),
        ("Table 8, CIFAR100, RN18-P", "lr", 0.0005857224),
        ("Table 8, CIFAR100, RN50-P", "lr", 0.0005793152),
        ("Table 9, MNIST, RN18-CP", "lr", 0.008098920),
        ("Table 9, MNIST, RN50-C", "embedding_dim", 1990),
        ("Table 9, F-MNIST, RN101-PP", "embedding_dim", 458),
        ("Table 9, F-MNIST, RN101-PP", "r", 0.95),
        ("Table 9, K-MNIST, RN18-CP", "lr", 0.002367562),
        ("Table 9, K-MNIST, RN50-CP", "r", 27585),
        ("Table 9, K-MNIST, RN101-P", "lr", 0.0005718608),
    ],
)
def test_cells_copied_by_hand(place: str, key: str, printed: float) -> None:
    """Oracle: the paper, beside every damaged row and at the tables' corners."""
    assert value(place, key) == printed


def test_the_cells_are_of_the_studys_grid() -> None:
    """Oracle: the study. A cell that lacks a factor is a choice among this factor's values."""
    grid: dict[str, list[str]] = STUDY["grid"]
    for entry in ENTRIES:
        assert all(level in grid[factor] for factor, level in entry["cell"].items()), entry
        if "choice" in entry:
            assert set(entry["cell"]) == set(grid) - {entry["factor"]}
            assert entry["choice"] in grid[entry["factor"]]
        else:
            assert set(entry["cell"]) == set(grid), entry


def test_places_and_cells_name_the_same_model() -> None:
    """Oracle: Table 3's abbreviations, written out once more."""
    networks = {"RN18": "resnet18", "RN50": "resnet50", "RN101": "resnet101"}
    losses = {"E": "euclidean", "C": "cosine", "CP": "class_proximity", "PP": "push_pull", "P": "cross_entropy"}
    datasets = {"F-MNIST": "FashionMNIST", "K-MNIST": "KMNIST"}
    for entry in ENTRIES:
        if "choice" in entry:
            continue
        _, dataset, model = entry["place"].split(", ")
        network, loss = model.split("-")
        expected = {
            "dataset": datasets.get(dataset, dataset),
            "backbone": networks[network],
            "loss": losses[loss],
        }
        assert entry["cell"] == expected


def test_the_rules_fit_the_models() -> None:
    """A pure model has no class embeddings, the others have no logits; every rule is one of the catalogue's."""
    pure, others = {"cos", "euc", "argmax"}, {"cos", "cos_ce", "euc", "euc_ce"}
    assert pure | others == set(catalog.names("decision_rules"))
    for entry in ENTRIES:
        if "metric" in entry and "choice" not in entry:
            prefix, rule = entry["metric"].rsplit("/", 1)
            assert prefix == "test/accuracy"
            assert rule in (pure if entry["cell"]["loss"] == "cross_entropy" else others)


def test_accuracies_are_percent_with_two_decimals() -> None:
    for entry in ENTRIES:
        if "metric" in entry and "value" in entry:
            assert 0 < entry["value"] < 100
            assert round(entry["value"], 2) == entry["value"]
            assert (entry["unit"], entry["images"]) == ("percent", 10_000)


def test_hyperparameters_lie_in_the_studys_space() -> None:
    """Oracle: the preset's bounds, chosen wide enough for what Tables 8 and 9 print."""
    space = load_preset("moving_targets")
    (low, high), (low_d, high_d) = space["lr"]["loguniform"], space["embedding_dim"]["int"]
    proximity, push_pull = space["r"]
    for entry in ENTRIES:
        if "value" not in entry or "parameter" not in entry:
            continue
        printed = entry["value"]
        match entry["parameter"], entry["cell"]["loss"]:
            case "lr", _:
                assert low <= printed <= high
            case "embedding_dim", _:
                assert isinstance(printed, int)
                assert low_d <= printed <= high_d
            case "r", "class_proximity":
                assert proximity["loguniform"][0] <= printed <= proximity["loguniform"][1]
            case "r", "push_pull":
                assert printed == push_pull["constant"]
            case other:
                pytest.fail(f"no such parameter: {other}")


def test_table_5_is_the_best_of_its_row_in_tables_6_and_7() -> None:
    """Oracle: the paper against itself. Its one contradiction is 96.68, where Table 6 prints 96.98."""
    rows: dict[tuple[str, ...], list[float]] = {}
    for entry in ENTRIES:
        if table(entry) in ("Table 6", "Table 7") and "value" in entry:
            rows.setdefault(tuple(entry["cell"].values()), []).append(entry["value"])
    differing = {}
    unknown = []
    for entry in ENTRIES:
        if table(entry) != "Table 5" or "choice" in entry:
            continue
        row = rows.get(tuple(entry["cell"].values()))
        if row is None:
            unknown.append(entry["place"])
        elif max(row) != entry["value"]:
            differing[entry["place"]] = (entry["value"], max(row))
    assert differing == {"Table 5, K-MNIST, RN18-PP": (96.68, 96.98)}
    assert unknown == ["Table 5, CIFAR100, RN50-P", "Table 5, CIFAR100, RN18-P"]


def test_the_choices_are_what_the_tables_say() -> None:
    """Oracle: the highest printed accuracy over the values of the choice's factor, where all of them are printed."""
    printed: dict[tuple[str, str, str], float] = {}
    for entry in ENTRIES:
        if "metric" in entry and "value" in entry:
            cell = entry["cell"]
            key = (cell["dataset"], cell["backbone"], cell["loss"])
            printed[key] = max(entry["value"], printed.get(key, 0.0))
    for entry in ENTRIES:
        if "choice" in entry:
            factor = entry["factor"]
            cells = [{**entry["cell"], factor: level} for level in STUDY["grid"][factor]]
            found = {c[factor]: printed.get((c["dataset"], c["backbone"], c["loss"]), 0.0) for c in cells}
            assert max(found, key=lambda level: found[level]) == entry["choice"], entry


def test_what_the_paper_quotes_of_others_is_kept_apart() -> None:
    """Oracle: Table 5's 14 upper rows hold 70 cells, 16 of them "-"; section IV-A prints 5 numbers; some by hand."""
    quoted = yaml.safe_load(QUOTED.read_text(encoding="utf-8"))["entries"]
    assert Counter(entry["place"].split(" ")[0] for entry in quoted) == {"Table": 54, "IV-A": 5}
    assert len({entry["model"] for entry in quoted if entry["place"] == "Table 5"}) == 14
    found = {(entry["model"], entry["dataset"]): entry["value"] for entry in quoted}
    assert found["ResNet18", "CIFAR10"] == 92.93
    assert found["pFedBreD-ns-mg", "FashionMNIST"] == 99.06
    assert found["shake-shake-26 2x96d (S-S-I) (+ cutout)", "KMNIST"] == 99.34
