"""One binary cross-entropy a class: each output decides for itself whether the image is of its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.checks import check_targets

if TYPE_CHECKING:
    from torch import Tensor


def multiple_binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean over the classes of their binary cross-entropies, summed over the batch.

    Value: sum_i -1/K sum_k [y_ik log p_ik + (1 - y_ik) log(1 - p_ik)] in nats, p = sigmoid(z), y_i the one-hot label;
    its gradient by z is (p - y) / K, a K-th of what each decision alone would give.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1) -> scalar.
    Raises ValueError if a shape does not fit. Cost O(B*K).
    Source: linear classifier, exercise 2.2.
    """
    if logits.ndim != 2:
        raise ValueError(f"logits must be a matrix, but got shape {tuple(logits.shape)}")
    check_targets(targets, logits.shape[0])
    wanted = functional.one_hot(targets, logits.shape[1]).to(logits.dtype)
    return functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / logits.shape[1]
