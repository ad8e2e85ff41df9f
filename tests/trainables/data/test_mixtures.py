"""How many images of which class an imbalanced split takes."""

import numpy as np
import pytest

from trainables.data.errors import DataError
from trainables.data.mixture_counts import counts
from trainables.data.mixtures import SPLITS, Mixture, geometric, labels_of

FULL = np.full(10, 6000)
NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def test_the_paper_s_nine_splits_are_named():
    """Oracle: the percentages that the paper prints."""
    printed = [(90, 10), (80, 20), (70, 30), (60, 40), (90, 7, 3), (80, 15, 5), (70, 20, 10), (60, 30, 10)]
    given = [tuple(round(100 * p) for p in mixture.proportions) for mixture in SPLITS.values() if mixture.proportions]
    assert given == printed
    assert all(sum(mixture.proportions) == pytest.approx(1) for mixture in SPLITS.values() if mixture.proportions)
    ten = SPLITS["ten_classes_90_to_5"]
    assert [round(100 * r) for r in ten.retained] == [90, 80, 70, 60, 50, 40, 30, 20, 10, 5]
    assert labels_of(ten.classes, NAMES) == tuple(range(10))
    for name, mixture in SPLITS.items():
        assert name.endswith("_".join(str(round(100 * p)) for p in mixture.proportions))


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("tops_trousers_90_10", [5999, 667]),  # 6,000 / 0.9 = 6,666.7, in whole images
        ("tops_trousers_60_40", [6000, 4000]),
        ("tops_trousers_pullovers_60_30_10", [6000, 3000, 1000]),
        ("ten_classes_90_to_5", [5400, 4800, 4200, 3600, 3000, 2400, 1800, 1200, 600, 300]),
    ],
)
def test_as_many_as_there_are_without_repeating(split, expected):
    """Oracle: by hand, from 6,000 images a class."""
    mixture = SPLITS[split]
    assert counts(mixture, FULL[: len(mixture)]).tolist() == expected


@pytest.mark.parametrize("seed", range(20))
def test_shares_are_exact_and_never_more_than_there_are(seed):
    """Oracle: each count within one of its share of the sum; one more image in all would not fit."""
    generator = np.random.default_rng(seed)
    k = int(generator.integers(2, 8))
    proportions = generator.dirichlet(np.ones(k)) * 0.9 + 0.1 / k
    available = generator.integers(50, 500, k)
    mixture = Mixture(tuple(range(k)), tuple(proportions))
    taken = counts(mixture, available)
    assert (taken <= available).all()
    assert (np.abs(taken - proportions * taken.sum()) < 1 + 1e-6).all()
    assert ((taken.sum() + 2 + k) * proportions > available).any()


def test_a_total_is_shared_out():
    """Oracle: by hand; it may be any number up to what there is."""
    assert counts(SPLITS["tops_trousers_90_10"], FULL[:2], total=1000).tolist() == [900, 100]
    ten = counts(SPLITS["ten_classes_90_to_5"], FULL, total=455)
    assert ten.tolist() == [90, 80, 70, 60, 50, 40, 30, 20, 10, 5]


def test_with_replacement_a_class_may_be_drawn_beyond_its_images():
    """Oracle: by hand. All 12,000 or 18,000 images' worth, shared out; or any total."""
    assert counts(SPLITS["tops_trousers_90_10"], FULL[:2], replacement=True).tolist() == [10_800, 1200]
    three = SPLITS["tops_trousers_pullovers_90_7_3"]
    assert counts(three, FULL[:3], replacement=True).tolist() == [16_200, 1260, 540]
    assert counts(three, FULL[:3], replacement=True, total=100).tolist() == [90, 7, 3]


def test_geometric_shares():
    """Oracle: by hand, ratio 100 over three classes."""
    assert geometric(3, 100) == pytest.approx((1, 0.1, 0.01))
    assert geometric(2, 10) == pytest.approx((1, 0.1))


def test_classes_go_by_name_or_label():
    assert labels_of(("Trouser", 0, "Ankle boot"), NAMES) == (1, 0, 9)


PAIR = Mixture(("a", "b"), (0.99, 0.01))
MISTAKES = [
    (lambda: labels_of(("Trousers", 0), NAMES), r"classes must be of the data set \(0: T-shirt/top.*got 'Trousers'"),
    (lambda: labels_of((0, 10), NAMES), "got 10"),
    (lambda: labels_of((1, "Trouser"), NAMES), "classes must be different, but got 1, Trouser"),
    (lambda: counts(PAIR, np.array([100, 0])), "there are none of b"),
    (lambda: counts(PAIR, np.array([20, 20])), r"leaves none of b \(20 images\)"),
    (lambda: counts(PAIR, np.array([100, 100]), total=200), "total=200 needs 198 images of a, but there are 100"),
    (lambda: counts(Mixture((0, 1), retained=(1.0, 0.001)), np.array([100, 100])), "leaves none of 1"),
]


@pytest.mark.parametrize(("mistake", "words"), MISTAKES)
def test_what_does_not_fit_is_told(mistake, words):
    with pytest.raises(DataError, match=words):
        mistake()
