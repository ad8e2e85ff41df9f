"""Cosine distance to the class embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.linalg import vector_norm
from torch.nn import functional

from trainables.losses.checks import check_shapes

if TYPE_CHECKING:
    from torch import Tensor

NORM_FLOOR = 1e-8  # torch.nn.functional.cosine_similarity's eps; that function itself takes half as long again


def cosine(embeddings: Tensor, targets: Tensor, class_embeddings: Tensor) -> Tensor:
    """One minus the cosine similarity to the own class, summed over the batch.

    Value: sum_i 1 - cos(e_i, c_{y_i}), each term in [0, 2]; angles are seen from the origin.
    Shapes: embeddings [B, D], targets [B] (int64, 0..K-1), class_embeddings [K, D] -> scalar.
    A zero vector has no direction: its similarity counts as 0 and gets a finite gradient (norms below 1e-8 are
    treated as 1e-8).
    Raises ValueError if a shape does not fit. Cost O(B*D).
    Source: moving targets, equations (2) and (3).
    """
    check_shapes(embeddings, targets, class_embeddings)
    own = functional.embedding(targets, class_embeddings)
    norms = vector_norm(embeddings, dim=1).clamp_min(NORM_FLOOR) * vector_norm(own, dim=1).clamp_min(NORM_FLOOR)
    similarity: Tensor = (embeddings * own).sum(1) / norms  # [B]
    return (1 - similarity).sum()
