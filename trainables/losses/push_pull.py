"""Pull to the own class embedding, push away from the mean of all class embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.losses.checks import check_shapes, check_weight
from trainables.losses.euclidean import euclidean

if TYPE_CHECKING:
    from torch import Tensor


def push_pull(embeddings: Tensor, targets: Tensor, class_embeddings: Tensor, *, r: float) -> Tensor:
    """Squared distance to the own class less r times that to the mean class embedding, summed over the batch.

    Value: sum_i |e_i - c_{y_i}|^2 - r * |e_i - avg(C)|^2; the mean moves with the class embeddings (no detach).
    Shapes: embeddings [B, D], targets [B] (int64, 0..K-1), class_embeddings [K, D] -> scalar.
    r: weight of the push, unitless; the authors' best models all have 0.95. The value has no lower bound in the
    class embeddings, and from r = 1 on none in the embeddings: a large negative loss is no failure.
    Raises ValueError if a shape does not fit, K < 2 (the mean would be the class itself) or r < 0. Cost O((B+K)*D).
    Source: moving targets, equations (6) and (7).
    """
    check_shapes(embeddings, targets, class_embeddings, min_classes=2)
    check_weight("r", r)
    push = (embeddings - class_embeddings.mean(0)).square().sum()
    return euclidean(embeddings, targets, class_embeddings) - r * push
