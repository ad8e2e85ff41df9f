"""ROC and precision-recall curves against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from trainables.metrics.precision_recall import precision_recall_curve
from trainables.metrics.ranking import counts_above
from trainables.metrics.roc_curve import roc_curve


def draw(kind):
    generator = torch.Generator().manual_seed(3)
    positive = torch.rand(300, generator=generator) < 0.1
    scores = torch.randn(300, generator=generator) + 2 * positive
    if kind == "ties":
        scores = scores.round()
    if kind == "separated":
        scores = positive.float()
    if kind == "constant":
        scores = torch.zeros(300)
    return scores, positive


kinds = pytest.mark.parametrize("kind", ["distinct", "ties", "separated", "constant"])


@kinds
def test_roc_curve(kind):
    """Oracle: scikit-learn's roc_curve, point by point, and a curve with the same area as that of all points."""
    scores, positive = draw(kind)
    ours = roc_curve(scores, positive)
    for mine, theirs in zip(ours, sklearn_metrics.roc_curve(positive, scores), strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs)
    area = sklearn_metrics.roc_auc_score(positive, scores)
    assert float(torch.trapezoid(ours.true_positive_rate, ours.false_positive_rate)) == pytest.approx(area)


@kinds
def test_precision_recall_curve(kind):
    """Oracle: scikit-learn's precision_recall_curve, point by point."""
    scores, positive = draw(kind)
    theirs = sklearn_metrics.precision_recall_curve(positive, scores)
    for mine, his in zip(precision_recall_curve(scores, positive), theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), his)


def test_one_sample_of_each():
    """Oracle: by hand: the positive sample scores higher, so the curve goes up, then right."""
    curve = roc_curve(torch.tensor([1.0, 3.0]), torch.tensor([False, True]))
    assert curve.false_positive_rate.tolist() == [0, 0, 1]
    assert curve.true_positive_rate.tolist() == [0, 1, 1]
    assert curve.thresholds.tolist() == [float("inf"), 3, 1]


def test_bad_input():
    yes, no = torch.tensor([True, True]), torch.tensor([False, False])
    with pytest.raises(ValueError, match="needs positive and negative samples"):
        roc_curve(torch.zeros(2), yes)
    with pytest.raises(ValueError, match="needs positive and negative samples"):
        roc_curve(torch.zeros(2), no)
    with pytest.raises(ValueError, match="needs positive samples"):
        precision_recall_curve(torch.zeros(2), no)
    with pytest.raises(ValueError, match=r"must agree, N >= 1, but got \(0,\), \(0,\)"):
        counts_above(torch.zeros(0), yes[:0])
    with pytest.raises(ValueError, match=r"must be bool, but is torch\.int64"):
        counts_above(torch.zeros(2), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="some are NaN"):
        counts_above(torch.tensor([0.0, torch.nan]), yes)
