"""Negative log-likelihood against any target vectors, the loss of dynamic targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.checks import check_targets

if TYPE_CHECKING:
    from torch import Tensor


def target_nll(logits: Tensor, targets: Tensor, target_vectors: Tensor) -> Tensor:
    """-sum_i sum_k t_ik log softmax(z_i)_k, t_i the target vector of sample i's label; summed over the batch.

    Targets are not normalised: where they sum to s, the loss and its gradient weigh s times as much, and its minimum is
    at p = t / s, not at t. With one-hot targets it is cross entropy.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1), target_vectors [K, K] (a row a class) -> scalar, in nats.
    Raises ValueError if a shape does not fit. Cost O(B*K).
    Source: dynamic targets, section 4.3.
    """
    n_classes = logits.shape[-1]
    if logits.ndim != 2 or target_vectors.shape != (n_classes, n_classes):
        raise ValueError(
            "logits [B, K] and target_vectors [K, K] must agree, "
            f"but got {tuple(logits.shape)} and {tuple(target_vectors.shape)}"
        )
    check_targets(targets, logits.shape[0])
    return -(target_vectors[targets] * functional.log_softmax(logits, 1)).sum()
