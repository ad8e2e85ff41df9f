"""Precision against recall of one class against the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from trainables.metrics.ranking import counts_above

if TYPE_CHECKING:
    from torch import Tensor


class PrecisionRecallCurve(NamedTuple):
    """precision, recall: [T + 1] float64, ending at (1, 0), which has no threshold. thresholds: [T], rising."""

    precision: Tensor
    recall: Tensor
    thresholds: Tensor


def precision_recall_curve(scores: Tensor, positive: Tensor) -> PrecisionRecallCurve:
    """Precision and recall of "positive at a score of t or more", for every distinct score t.

    precision = TP / (TP + FP), recall = TP / (TP + FN): as scikit-learn's precision_recall_curve.
    Shapes: scores [N] float, higher is likelier positive; positive [N] bool.
    Raises ValueError where `counts_above` does, or if there are no positive samples.
    Source: digits network, section III-D.
    """
    counts = counts_above(scores, positive)
    hits = counts.true_positives
    if hits[-1] == 0:
        raise ValueError("a precision-recall curve needs positive samples")
    precision, recall = hits / (hits + counts.false_positives), hits / hits[-1]
    return PrecisionRecallCurve(
        torch.cat([precision.flip(0), precision.new_ones(1)]),
        torch.cat([recall.flip(0), recall.new_zeros(1)]),
        counts.thresholds.flip(0).to(torch.float64),
    )
