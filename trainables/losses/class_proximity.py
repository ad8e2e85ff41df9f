"""Euclidean pull with a penalty on class embeddings that come close to each other."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.distances import squared_distances
from trainables.losses.checks import check_shapes, check_weight
from trainables.losses.euclidean import euclidean


def class_proximity(
    embeddings: Tensor, targets: Tensor, class_embeddings: Tensor, *, r: float, eps: float = 1e-6
) -> Tensor:
    """Squared Euclidean pull to the own class, inverse-square push between classes, summed over the batch.

    Value: sum_i |e_i - c_{y_i}|^2 + r * sum_k n_k * prox(c_k), n_k the samples of class k in the batch,
    prox(c_k) = sum_{j != k} 1 / (|c_k - c_j|^2 + eps).
    Shapes: embeddings [B, D], targets [B] (int64, 0..K-1), class_embeddings [K, D] -> scalar.
    r: weight of the proximity penalty, unitless; the authors searched 1e3 to 1e6. eps keeps 1/0 away.
    Raises ValueError if a shape does not fit, K < 2, r < 0 or eps <= 0.
    Cost O(B*D + K^2*D): prox is computed per class, not per sample.
    Source: moving targets, equations (4) and (5).
    """
    check_shapes(embeddings, targets, class_embeddings, min_classes=2)
    check_weight("r", r)
    if not eps > 0:
        raise ValueError(f"eps must be above 0, but got {eps}")
    classes = torch.arange(class_embeddings.shape[0], device=targets.device)
    counts = (targets[:, None] == classes).sum(0)  # [K]; unlike bincount this does not wait for the device
    weights = counts[:, None] * (classes[:, None] != classes)  # [K, K]: n_k, nothing on the diagonal
    proximity = (weights / (squared_distances(class_embeddings, class_embeddings) + eps)).sum()
    return euclidean(embeddings, targets, class_embeddings) + r * proximity
