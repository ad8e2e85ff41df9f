"""Confusion matrix and recall per class against scikit-learn."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from trainables.metrics.confusion_matrix import confusion_matrix
from trainables.metrics.recall import recall_per_class


@pytest.fixture
def samples():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 4, (200,), generator=generator), torch.randint(0, 5, (200,), generator=generator)


def test_counts(samples):
    """Oracle: scikit-learn; a class that is never predicted has its column all the same."""
    predictions, labels = samples
    ours = confusion_matrix(predictions, labels, 5)
    theirs = sklearn_metrics.confusion_matrix(labels, predictions, labels=range(5))
    np.testing.assert_array_equal(ours.numpy(), theirs)
    parts = zip(predictions.split(60), labels.split(60), strict=True)
    assert torch.equal(sum(confusion_matrix(p, y, 5) for p, y in parts), ours)


def test_rows_are_true_classes():
    """Oracle: by hand: one 2 taken for a 0."""
    matrix = confusion_matrix(torch.tensor([0]), torch.tensor([2]), 3)
    assert matrix.tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_recall(samples):
    """Oracle: scikit-learn's recall_score for each class."""
    predictions, labels = samples
    theirs = sklearn_metrics.recall_score(labels, predictions, average=None, labels=range(5), zero_division=0)
    np.testing.assert_allclose(recall_per_class(confusion_matrix(predictions, labels, 5)).numpy(), theirs, rtol=1e-12)


def test_recall_of_a_class_without_samples_is_no_number():
    matrix = confusion_matrix(torch.tensor([0, 0]), torch.tensor([0, 0]), 2)
    recall = recall_per_class(matrix).tolist()
    assert recall[0] == 1
    assert math.isnan(recall[1])


def test_bad_input():
    with pytest.raises(ValueError, match=r"must agree, but got \(2,\), \(3,\)"):
        confusion_matrix(torch.zeros(2, dtype=torch.int64), torch.zeros(3, dtype=torch.int64), 2)
    with pytest.raises(ValueError, match=r"labels must be 0\.\.1, but got 0\.\.2"):
        confusion_matrix(torch.tensor([0, 1]), torch.tensor([0, 2]), 2)
    with pytest.raises(ValueError, match=r"predictions must be 0\.\.1, but got -1\.\.1"):
        confusion_matrix(torch.tensor([-1, 1]), torch.tensor([0, 1]), 2)
    with pytest.raises(ValueError, match=r"must be square, but got shape \(2, 3\)"):
        recall_per_class(torch.zeros(2, 3))
