"""Squared Euclidean distance to the class embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.checks import check_shapes

if TYPE_CHECKING:
    from torch import Tensor


def euclidean(embeddings: Tensor, targets: Tensor, class_embeddings: Tensor) -> Tensor:
    """Squared Euclidean pull to the own class, summed over the batch.

    Value: sum_i |e_i - c_{y_i}|^2.
    Shapes: embeddings [B, D], targets [B] (int64, 0..K-1), class_embeddings [K, D] -> scalar.
    Raises ValueError if a shape does not fit. Cost O(B*D).
    Source: moving targets, equation (1).
    """
    check_shapes(embeddings, targets, class_embeddings)
    # functional.embedding rather than indexing: its backward adds up in a fixed order on any number of threads.
    own = functional.embedding(targets, class_embeddings)
    return (embeddings - own).square().sum()
