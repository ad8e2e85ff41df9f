"""What an imbalance configuration may hold, and what is refused with which words. No torch."""

import re
import subprocess
import sys

import pytest

from trainables.data.mixtures import SPLITS
from trainables.imbalance_options import ImbalanceOptions
from trainables.options import OptionsError, read

BASE = {"dataset": "FashionMNIST"}
PAIR = {**BASE, "split": "tops_trousers_90_10"}
THREE = {**BASE, "proportions": [0.9, 0.07, 0.03]}
TEN = {**BASE, "split": "ten_classes_90_to_5"}

BAD = [
    (BASE, {"split": "must be given as one of split, proportions, retained, imbalance_ratio"}),
    ({**PAIR, "retained": [1, 0.5]}, {"retained": "must be given as one of"}),
    ({**BASE, "split": "tops_90_10"}, {"split": "must be a named selection.*tops_trousers_90_10"}),
    ({**PAIR, "classes": [0, 1]}, {"classes": "does nothing with split"}),
    ({**BASE, "proportions": [0.9, 0.2]}, {"proportions": r"must add up to 1, but they add up to 1\.1"}),
    ({**BASE, "proportions": [90, 10]}, {"proportions": "must each be above 0 and at most 1 \\(0.9 for 90%\\)"}),
    ({**BASE, "proportions": [1.0, 0.0]}, {"proportions": "must each be above 0"}),
    ({**BASE, "proportions": [1]}, {"proportions": "must be two or more"}),
    ({**THREE, "classes": ["Bag", 3]}, {"proportions": "must be 2 numbers, one a class"}),
    ({**THREE, "classes": [3, 3, 4]}, {"classes": "must be two or more different ones"}),
    ({**BASE, "proportions": "90/20"}, {"proportions": r"must add up to 1, but they add up to 1\.1.*'90/20'"}),
    ({**BASE, "proportions": "90:10"}, {"proportions": "must be a list of numbers, or percentages such as 90/10"}),
    ({**THREE, "classes": "Bag, 3, Bag"}, {"classes": "must be two or more different ones.*'Bag, 3, Bag'"}),
    ({**BASE, "classes": ["Bag"], "retained": [1]}, {"classes": "must be two or more different ones"}),
    ({**BASE, "retained": [1.5, 0.5]}, {"retained": "at most 1"}),
    ({**BASE, "imbalance_ratio": 10}, {"n_classes": "needed by imbalance_ratio without classes"}),
    ({**BASE, "imbalance_ratio": 10, "classes": [1, 2], "n_classes": 3}, {"n_classes": "at most the 2 classes"}),
    ({**PAIR, "n_classes": 2}, {"n_classes": "does nothing with proportions"}),
    ({**TEN, "n_classes": 11}, {"n_classes": "must be at most the 10 classes"}),
    ({**PAIR, "loss": "euclidean"}, {"loss": r"must be a function of \(logits, targets\) or of"}),
    ({**PAIR, "margin": 1.0}, {"margin": "belongs only to loss=pairwise_hinge"}),
    ({**PAIR, "momentum": 0.9}, {"momentum": "does nothing unless optimizer is sgd"}),
    (
        {**THREE, "rules": ["threshold"]},
        {"rules": "must fit the number of classes: a single threshold is for 2, not 3"},
    ),
    ({**THREE, "rules": ["relativ"]}, {"rules": "must be a name from fitted_rules.*did you mean 'relative'"}),
    ({**PAIR, "tree_depth": 3}, {"tree_depth": "does nothing with the rules default, threshold"}),
    ({**PAIR, "threshold_draws": 3}, {"threshold_draws": "does nothing with the rules"}),
    ({**THREE, "threshold_step": 0.3}, {"threshold_step": "must divide 1"}),
    ({**PAIR, "test_distribution": "same"}, {"test_distribution": "must be one of the choices"}),
    ({**PAIR, "total": 0}, {"total": "must be at least 2"}),
    ({**PAIR, "classses": [1]}, {"classses": "must be a known option"}),
]


@pytest.mark.parametrize(("config", "expected"), BAD)
def test_all_mistakes_are_named_at_once(config, expected):
    """Oracle: the keys by hand, one complaint each and no other."""
    with pytest.raises(OptionsError) as caught:
        read(ImbalanceOptions, config)
    complaints = {complaint.key: str(complaint) for complaint in caught.value.complaints}
    assert complaints.keys() == expected.keys()
    for key, words in expected.items():
        assert re.search(words, complaints[key])


@pytest.mark.parametrize("split", SPLITS)
def test_named_splits_with_their_rules(split):
    """Oracle: the paper tunes one threshold for two classes, three methods for more."""
    options = read(ImbalanceOptions, {**BASE, "split": split})
    binary = len(SPLITS[split]) == 2
    wanted = ("default", "threshold") if binary else ("default", "decision_tree", "absolute", "relative")
    assert options.rule_names == wanted
    assert options.mixture == SPLITS[split]


def test_other_selections():
    """Oracle: by hand."""
    mixture = read(ImbalanceOptions, THREE).mixture
    assert (mixture.classes, mixture.proportions) == ((0, 1, 2), (0.9, 0.07, 0.03))
    mixture = read(ImbalanceOptions, {**BASE, "classes": ["Bag", 0], "retained": [1, 0.25]}).mixture
    assert (mixture.classes, mixture.retained) == (("Bag", 0), (1, 0.25))
    mixture = read(ImbalanceOptions, {**BASE, "imbalance_ratio": 100, "n_classes": 3}).mixture
    assert mixture.classes == (0, 1, 2)
    assert mixture.retained == pytest.approx((1, 0.1, 0.01))
    mixture = read(
        ImbalanceOptions, {**BASE, "imbalance_ratio": 4, "classes": ["Bag", "Coat", 1], "n_classes": 2}
    ).mixture
    assert mixture.classes == ("Bag", "Coat")
    assert mixture.retained == pytest.approx((1, 0.25))


def test_lists_may_be_written_as_text_so_that_a_grid_can_hold_them():
    """Oracle: the paper's own way to write a split, and a list of the same."""
    written = {**BASE, "classes": "T-shirt/top, 1, Pullover", "proportions": "90 / 7 / 3"}
    mixture = read(ImbalanceOptions, written).mixture
    assert mixture.classes == ("T-shirt/top", 1, "Pullover")
    assert mixture.proportions == pytest.approx(SPLITS["tops_trousers_pullovers_90_7_3"].proportions)
    assert read(ImbalanceOptions, {**BASE, "retained": "90/5"}).mixture.retained == pytest.approx((0.9, 0.05))


@pytest.mark.parametrize("n", range(2, 11))
def test_the_number_of_classes_can_be_a_factor(n):
    """Oracle: the first n of the paper's ten, with its shares."""
    options = read(ImbalanceOptions, {**TEN, "n_classes": n})
    assert len(options.mixture) == n
    assert options.mixture.retained == SPLITS["ten_classes_90_to_5"].retained[:n]
    assert ("threshold" in options.rule_names) == (n == 2)


def test_options_are_read_without_torch():
    """Oracle: the modules of a fresh process."""
    code = (
        "import sys; from trainables.imbalance_options import ImbalanceOptions; from trainables.options import read;"
        "read(ImbalanceOptions, {'dataset': 'FashionMNIST', 'split': 'tops_trousers_90_10', 'loss': 'soft_f1'});"
        "assert not {'torch', 'sklearn', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
