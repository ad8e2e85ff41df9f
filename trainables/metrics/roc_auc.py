"""How well scores separate a class from the rest: the area under the ROC curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainables.metrics.roc_curve import roc_curve

if TYPE_CHECKING:
    from torch import Tensor


def roc_auc(scores: Tensor, labels: Tensor) -> float:
    """Mean over classes of the probability that a sample of the class scores above one of another, in [0, 1].

    Equal scores count half. With two classes whose scores add up to a constant both areas are the same.
    Shapes: scores [N, K], labels [N] in 0..K-1. Raises ValueError if a class has no sample. Cost O(K*N log N).
    """
    return sum(_area(scores[:, label], labels == label) for label in range(scores.shape[1])) / scores.shape[1]


def _area(scores: Tensor, positive: Tensor) -> float:
    curve = roc_curve(scores, positive)
    return float(torch.trapezoid(curve.true_positive_rate, curve.false_positive_rate))
