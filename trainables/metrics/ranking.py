"""Right and wrong ones above every threshold: what ROC and precision-recall curves are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor


class Counts(NamedTuple):
    """For T distinct thresholds, falling: how many of the positive and negative samples score that much or more."""

    thresholds: Tensor
    true_positives: Tensor
    false_positives: Tensor


def counts_above(scores: Tensor, positive: Tensor) -> Counts:
    """Count positive and negative samples at or above every distinct score.

    Shapes: scores [N] float, higher is likelier positive; positive [N] bool -> three times [T], counts in float64.
    Raises ValueError without samples, if the shapes differ, a score is NaN, or `positive` is not bool.
    """
    if scores.ndim != 1 or scores.shape != positive.shape or len(scores) == 0:
        raise ValueError(
            f"scores [N] and positive [N] must agree, N >= 1, but got {tuple(scores.shape)}, {tuple(positive.shape)}"
        )
    if positive.dtype != torch.bool:
        raise ValueError(f"positive must be bool, but is {positive.dtype}")
    if bool(scores.isnan().any()):
        raise ValueError("scores must be numbers, but some are NaN")
    order = scores.argsort(descending=True)
    falling = scores[order]
    hits = positive[order].cumsum(0).to(torch.float64)
    last = torch.ones_like(positive)  # of a run of equal scores: they pass a threshold together
    last[:-1] = falling[1:] != falling[:-1]
    rank = torch.arange(1, len(scores) + 1, dtype=torch.float64, device=scores.device)
    return Counts(falling[last], hits[last], (rank - hits)[last])
