"""One minus the F1 score of the probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.distances import at_least_float32
from trainables.losses.checks import check_logits, check_targets

if TYPE_CHECKING:
    from torch import Tensor


def soft_f1(logits: Tensor, targets: Tensor, *, macro: bool | None = None) -> Tensor:
    """One minus the F1 score with probabilities in the place of decisions, times the batch's size.

    Value: B * (1 - F1), F1_c = 2 TP_c / (2 TP_c + FP_c + FN_c) = 2 TP_c / (sum_i p_ic + n_c), TP_c the sum of p_ic over
    the samples of class c and n_c their number. With two classes F1 is that of class 1 (the positive one, as
    scikit-learn's "binary" average has it), with more the mean over the classes present in the batch. It is a value of
    the batch, not a sum over samples; the factor B makes a split's loss the mean of its batches'.
    A batch without any sample of class 1 has F1 = 0 and no gradient.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1) -> scalar. macro: true or false for the mean over classes, or
    class 1 alone, whatever the number of classes. Raises ValueError if a shape does not fit. Cost O(B*K).
    Source: imbalance paper, "Loss Functions" (the formula is not printed).
    """
    check_logits(logits)
    check_targets(targets, logits.shape[0])
    probabilities = torch.softmax(at_least_float32(logits), 1)
    own = functional.one_hot(targets, logits.shape[1]).to(probabilities.dtype)  # [B, K]
    counts = own.sum(0)  # [K]
    true_positives = (own * probabilities).sum(0)
    f1 = 2 * true_positives / (probabilities.sum(0) + counts).clamp_min(torch.finfo(probabilities.dtype).tiny)
    over_classes = logits.shape[1] > 2 if macro is None else macro
    mean = f1.sum() / (counts > 0).sum() if over_classes else f1[1]  # F1 of an absent class is 0
    return (1 - mean) * len(targets)
