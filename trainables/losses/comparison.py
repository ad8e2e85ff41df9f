"""Distance to the own class embedding as a share of the distances to the others."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.distances import squared_distances
from trainables.losses.checks import check_shapes


def comparison(embeddings: Tensor, targets: Tensor, class_embeddings: Tensor) -> Tensor:
    """Own squared distance over own plus other squared distance, summed over other classes and the batch.

    Value: sum_i sum_{k != y_i} a_i / (a_i + |e_i - c_k|^2) with a_i = |e_i - c_{y_i}|^2; each term in [0, 1], and 0
    where both distances vanish.
    Shapes: embeddings [B, D], targets [B] (int64, 0..K-1), class_embeddings [K, D] -> scalar.
    Raises ValueError if a shape does not fit or K < 2. Cost O(B*K*D).
    Source: moving targets, equation (8).
    """
    check_shapes(embeddings, targets, class_embeddings, min_classes=2)
    distances = squared_distances(embeddings, class_embeddings)  # [B, K]
    own = distances.gather(1, targets[:, None])  # [B, 1]
    share = own / (own + distances).clamp_min(torch.finfo(distances.dtype).tiny)
    classes = torch.arange(class_embeddings.shape[0], device=targets.device)
    return share.masked_fill(targets[:, None] == classes, 0).sum()
