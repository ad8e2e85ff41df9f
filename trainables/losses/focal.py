"""Cross entropy that looks away from what is classified well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.checks import check_logits, check_targets, check_weight

if TYPE_CHECKING:
    from torch import Tensor


def focal(logits: Tensor, targets: Tensor, *, gamma: float = 2.0) -> Tensor:
    """Cross entropy weighted by (1 - p)^gamma, p the probability of the true class, summed over the batch.

    Value: sum_i -(1 - p_i)^gamma log p_i, in nats; with gamma 0 cross entropy.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1) -> scalar. gamma: unitless; its authors found 2 best.
    Raises ValueError if a shape does not fit or gamma < 0. Cost O(B*K).
    Source: Lin et al., "Focal loss for dense object detection" (2017), equation (4).
    """
    check_logits(logits)
    check_targets(targets, logits.shape[0])
    check_weight("gamma", gamma)
    losses = functional.cross_entropy(logits, targets, reduction="none")  # [B]: -log p
    # 1 - p by expm1 keeps its digits, and the floor its gradient, where p is 1.
    missing = (-(-losses).expm1()).clamp_min(1e-12)
    return (missing**gamma * losses).sum()
