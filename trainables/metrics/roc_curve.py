"""The receiver operating characteristic of one class against the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from trainables.metrics.ranking import counts_above

if TYPE_CHECKING:
    from torch import Tensor


class RocCurve(NamedTuple):
    """Points of a ROC curve [P], from (0, 0) to (1, 1), float64; the first threshold is infinite."""

    false_positive_rate: Tensor
    true_positive_rate: Tensor
    thresholds: Tensor


def roc_curve(scores: Tensor, positive: Tensor) -> RocCurve:
    """True against false positive rate, at every threshold at which the curve bends.

    TPR = TP / (TP + FN), FPR = FP / (FP + TN); points on a straight line between two others are left out, so that
    the area under the curve is the same with fewer of them: as scikit-learn's roc_curve.
    Shapes: scores [N] float, higher is likelier positive; positive [N] bool.
    Raises ValueError where `counts_above` does, or if there are no positive or no negative samples.
    Source: digits network, equations (18) and (19).
    """
    counts = counts_above(scores, positive)
    hits, misses = counts.true_positives, counts.false_positives
    if hits[-1] == 0 or misses[-1] == 0:
        raise ValueError("a ROC curve needs positive and negative samples")
    bends = torch.ones_like(hits, dtype=torch.bool)
    bends[1:-1] = (hits.diff(n=2) != 0) | (misses.diff(n=2) != 0)
    start = hits.new_zeros(1)
    return RocCurve(
        torch.cat([start, misses[bends] / misses[-1]]),
        torch.cat([start, hits[bends] / hits[-1]]),
        torch.cat([start + torch.inf, counts.thresholds[bends].to(torch.float64)]),
    )
