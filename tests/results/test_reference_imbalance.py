"""The imbalance paper's numbers as data: whole, in the study's cells, and true to what the paper says of them."""

from pathlib import Path

import pytest
import yaml

from results.references import load

REFERENCE = load("imbalance")
STUDY = yaml.safe_load((Path(__file__).parents[2] / "studies" / "imbalance.yaml").read_text(encoding="utf-8"))


def values(name):
    """(split, loss) -> the printed value."""
    return {(e.cell["split"], e.cell["loss"]): e.value for e in REFERENCE.entries if e.name == name}


def test_every_row_of_the_three_tables_is_a_cell_of_the_study():
    """Oracle: 16 binary, 16 three-class and 4 ten-class rows; each has a tuned accuracy and one more column."""
    cells = {(split, loss) for split in STUDY["grid"]["split"] for loss in STUDY["grid"]["loss"]}
    tuned = values("tuned accuracy")
    assert tuned.keys() == cells
    assert len(cells) == 36
    default = values("default accuracy (0.5)") | values("default softmax accuracy")
    assert default.keys() == cells
    methods = [e for e in REFERENCE.entries if e.name == "best tuning method"]
    assert len(methods) == 20
    assert len(values("best threshold")) == 16


def test_sums_of_columns():
    """Oracle: the columns added up by hand from the paper's text, in thousandths."""

    def total(name, start):
        return round(1000 * sum(value for (split, _), value in values(name).items() if split.startswith(start)))

    assert total("tuned accuracy", "tops_trousers_pullovers") == 3920 + 3901 + 3919 + 3907
    assert total("tuned accuracy", "ten") == 890 + 895 + 821 + 852
    assert total("default softmax accuracy", "ten") == 887 + 880 + 812 + 849
    assert total("default accuracy (0.5)", "tops") == 3986 + 3974 + 3968 + 3977
    assert total("best threshold", "tops") == 549 + 2699 + 1650 + 3610


@pytest.mark.parametrize("split", STUDY["grid"]["split"])
def test_the_loss_called_best_has_the_highest_tuned_accuracy(split):
    """Oracle: the tables, which the text describes (on 70 / 30 two losses are equal)."""
    (best,) = [e.choice for e in REFERENCE.entries if e.name == "best loss" and e.cell["split"] == split]
    tuned = {loss: value for (of, loss), value in values("tuned accuracy").items() if of == split}
    assert tuned[best[0]] == max(tuned.values())


def test_relative_thresholds_dominate_the_three_classes():
    """Oracle: "a dominating majority" of the 16 models, counted by hand: 12."""
    of_three = [
        e.choice[0] for e in REFERENCE.entries if e.name == "best tuning method" and "pullovers" in e.cell["split"]
    ]
    assert of_three.count("relative") == 12
    assert of_three.count("absolute") == 3
