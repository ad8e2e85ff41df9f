"""Hinge on the difference between samples of different classes: a surrogate of the area under the ROC curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.distances import at_least_float32
from trainables.losses.checks import check_logits, check_targets

if TYPE_CHECKING:
    from torch import Tensor


def pairwise_hinge(logits: Tensor, targets: Tensor, *, margin: float = 1.0, on_logits: bool = False) -> Tensor:
    """Mean hinge over pairs of samples from different classes, one class against the rest, times the batch's size.

    Value: B * mean over classes c of mean over pairs (i of class c, j of another) of max(0, margin - s_ic + s_jc), s
    the softmax probabilities. Classes that are absent from the batch, or alone in it, count for nothing. It is a value
    of the batch, not a sum over samples; the factor B makes a split's loss the mean of its batches'.
    With two classes both give the same, the binary loss. With probabilities and margin 1 no pair is ever beyond the
    margin: the binary value is then 2 B (1 - soft balanced accuracy), see `soft_balanced_accuracy`.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1) -> scalar. margin: in units of s. on_logits: compare the logits
    less the mean of the others (with two classes, the sigmoid's argument) instead of probabilities.
    Raises ValueError if a shape does not fit or margin <= 0. Cost O(K*B^2).
    Source: imbalance paper, "Loss Functions" (the formula is not printed).
    """
    check_logits(logits)
    check_targets(targets, logits.shape[0])
    if not margin > 0:
        raise ValueError(f"margin must be above 0, but got {margin}")
    n_classes = logits.shape[1]
    logits = at_least_float32(logits)
    scores = _against_others(logits) if on_logits else torch.softmax(logits, 1)
    columns = scores.T  # [K, B]
    own = functional.one_hot(targets, n_classes).T.to(columns.dtype)  # [K, B]
    hinge = (margin - columns[:, :, None] + columns[:, None, :]).clamp_min(0)  # [K, B, B]
    pairs = own.sum(1) * (1 - own).sum(1)  # [K]
    sums = (hinge * own[:, :, None] * (1 - own)[:, None, :]).sum((1, 2))  # no product that autocast would round
    counted = (pairs > 0).sum().clamp_min(1)
    return (sums / pairs.clamp_min(1)).sum() / counted * len(targets)


def _against_others(logits: Tensor) -> Tensor:
    """Each logit less the mean of the other classes': [B, K] -> [B, K]."""
    n_classes = logits.shape[1]
    return logits - (logits.sum(1, keepdim=True) - logits) / (n_classes - 1)
