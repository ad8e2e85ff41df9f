"""Stratified splits against counts."""

from __future__ import annotations

import numpy as np
import pytest

from trainables.data.errors import DataError
from trainables.data.splits import split_indices
from trainables.data.stratified import shares

LABELS = np.random.default_rng(3).permutation(np.repeat(np.arange(4), [100, 50, 37, 13]))


def test_disjoint_complete_and_in_proportion() -> None:
    """Oracle: counts per class, each within one of its exact share."""
    indices = split_indices(LABELS, validation_fraction=0.2, seed=1)
    together = np.concatenate([indices.train, indices.validation])
    np.testing.assert_array_equal(np.sort(together), np.arange(200))
    assert len(indices.validation) == 40
    assert len(indices.held_out) == 0
    exact = np.bincount(LABELS) * 0.2
    assert np.all(np.abs(np.bincount(LABELS[indices.validation]) - exact) < 1)


def test_after_selection_the_validation_samples_are_trained_on_too() -> None:
    """Oracle: the union, sorted; nothing changes before."""
    indices = split_indices(LABELS, validation_fraction=0.2, seed=1, train_size=100)
    final = indices.trained_on(final=True)
    assert set(final.train) == set(indices.train) | set(indices.validation)
    assert len(final.train) == 140
    assert np.all(np.diff(final.train) > 0)
    assert indices.trained_on(final=False) is indices


def test_the_seed_alone_decides() -> None:
    first = split_indices(LABELS, validation_fraction=0.2, seed=1)
    again = split_indices(LABELS, validation_fraction=0.2, seed=1)
    other = split_indices(LABELS, validation_fraction=0.2, seed=2)
    np.testing.assert_array_equal(first.train, again.train)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert not np.array_equal(first.validation, other.validation)


def test_a_smaller_training_set_keeps_the_validation_set_and_is_part_of_the_larger() -> None:
    whole = split_indices(LABELS, validation_fraction=0.2, seed=1)
    large = split_indices(LABELS, validation_fraction=0.2, seed=1, train_size=120)
    small = split_indices(LABELS, validation_fraction=0.2, seed=1, train_size=40)
    assert (len(large.train), len(small.train)) == (120, 40)
    assert set(small.train) <= set(large.train) <= set(whole.train)
    np.testing.assert_array_equal(small.validation, whole.validation)
    exact = np.bincount(LABELS[whole.train]) * (120 / 160)
    assert np.all(np.abs(np.bincount(LABELS[large.train]) - exact) < 1)


def test_held_out_classes_are_in_neither_part() -> None:
    indices = split_indices(LABELS, validation_fraction=0.2, seed=1, held_out=[1, 3])
    assert set(LABELS[indices.train]) == set(LABELS[indices.validation]) == {0, 2}
    np.testing.assert_array_equal(indices.held_out, np.flatnonzero((LABELS == 1) | (LABELS == 3)))
    assert (len(indices.train), len(indices.validation)) == (110, 27)  # a fifth of the 137 that are left
    assert np.bincount(LABELS[indices.validation]).tolist() == [20, 0, 7]
    # Class 3 is too small for a validation sample, which matters no more once it is held out.
    small = split_indices(LABELS, validation_fraction=0.03, seed=1, held_out=[3])
    assert np.bincount(LABELS[small.validation]).tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation_fraction": 0.0}, "0 < validation_fraction < 1"),
        ({"validation_fraction": 1.0}, "0 < validation_fraction < 1"),
        ({"validation_fraction": 0.01}, "no validation sample of class 2, 3"),
        ({"validation_fraction": 0.97}, "no training sample of class 3"),
        ({"train_size": 161}, "between 1 and the 160 training samples, but got 161"),
        ({"train_size": 0}, "train_size"),
        ({"train_size": 5}, "train_size=5 leaves no training sample of class 3"),
        ({"held_out": [4]}, r"classes 0..3, but got \[4\]"),
        ({"held_out": [-1]}, r"but got \[-1\]"),
        ({"held_out": [1, 1]}, "each class once"),
        ({"held_out": [0, 1, 2]}, "leave two classes"),
        ({"held_out": [9], "validation_fraction": 2.0}, "validation_fraction.*; held_out"),  # all at once
    ],
)
def test_impossible_splits_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_indices(LABELS, **{"validation_fraction": 0.2, "seed": 1, **options})  # type: ignore[arg-type]


def test_shares_sum_up_and_never_exceed_the_counts() -> None:
    """Oracle: the definition, on 300 random cases."""
    generator = np.random.default_rng(0)
    for _ in range(300):
        counts = generator.integers(0, 30, size=generator.integers(1, 12))
        total = int(generator.integers(0, counts.sum() + 1))
        share = shares(counts, total)
        assert share.sum() == total
        assert np.all(share <= counts)
        assert np.all(np.abs(share - counts * (total / max(1, counts.sum()))) < 1)
