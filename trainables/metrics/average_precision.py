"""The precision over all recalls: the area under the precision-recall curve, as a step function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.precision_recall import precision_recall_curve

if TYPE_CHECKING:
    from torch import Tensor


def average_precision(scores: Tensor, labels: Tensor) -> float:
    """Sum over thresholds of (gain in recall) * precision, in [0, 1]: of class 1, or the mean over three or more.

    Shapes: scores [N, K], labels [N] in 0..K-1. Samples of equal scores pass a threshold together.
    Raises ValueError if a class has no sample. Cost O(K*N log N).
    """
    classes = range(scores.shape[1]) if scores.shape[1] > 2 else (1,)
    return sum(_of_class(scores[:, label], labels == label) for label in classes) / len(classes)


def _of_class(scores: Tensor, positive: Tensor) -> float:
    curve = precision_recall_curve(scores, positive)
    return float(-(curve.recall.diff() * curve.precision[:-1]).sum())
