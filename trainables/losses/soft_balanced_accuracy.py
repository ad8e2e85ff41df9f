"""One minus the balanced accuracy of the probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.distances import at_least_float32
from trainables.losses.checks import check_logits, check_targets

if TYPE_CHECKING:
    from torch import Tensor


def soft_balanced_accuracy(logits: Tensor, targets: Tensor) -> Tensor:
    """One minus the mean over classes of the mean probability of the true class, times the batch's size.

    Value: B * (1 - mean over classes c of (sum of p_ic over the samples of c) / n_c), over the n_c > 0 classes present
    in the batch. With two classes that is the mean of the soft true positive and true negative rates. It is a value of
    the batch, not a sum over samples; the factor B makes a split's loss the mean of its batches'.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1) -> scalar.
    Raises ValueError if a shape does not fit. Cost O(B*K).
    Source: imbalance paper, "Loss Functions" (the formula is not printed).
    """
    check_logits(logits)
    check_targets(targets, logits.shape[0])
    probabilities = torch.softmax(at_least_float32(logits), 1)
    own = functional.one_hot(targets, logits.shape[1]).to(probabilities.dtype)  # [B, K]
    counts = own.sum(0)  # [K]
    recalls = (own * probabilities).sum(0) / counts.clamp_min(1)  # 0 for an absent class
    return (1 - recalls.sum() / (counts > 0).sum()) * len(targets)
