"""Cross entropy in which every class weighs alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.checks import check_class_counts, check_logits, check_targets

if TYPE_CHECKING:
    from torch import Tensor


def weighted_cross_entropy(logits: Tensor, targets: Tensor, class_counts: Tensor) -> Tensor:
    """Cross entropy, each sample weighted inversely to its class's number, summed over the batch.

    Value: sum_i -w_{y_i} log softmax(z_i)[y_i] with w_c = N / (K n_c): the weights of all N training samples add up to
    N, and those of each class to N / K (scikit-learn's class_weight="balanced").
    Shapes: logits [B, K], targets [B] (int64, 0..K-1), class_counts [K] (n_c > 0, of the training set) -> scalar.
    Raises ValueError if a shape does not fit. Cost O(B*K).
    Source: King and Zeng, "Logistic regression in rare events data" (2001), equation (7).
    """
    check_logits(logits)
    check_targets(targets, logits.shape[0])
    check_class_counts(class_counts, logits.shape[1])
    counts = class_counts.to(logits.dtype)
    weights = counts.sum() / (len(counts) * counts)
    return functional.cross_entropy(logits, targets, weight=weights, reduction="sum")
