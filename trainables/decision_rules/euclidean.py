"""Nearest neighbour by Euclidean distance, to class centres or to class embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.decision_rules.nearest import negative_distances

if TYPE_CHECKING:
    from torch import Tensor


def euc(embeddings: Tensor, centres: Tensor) -> Tensor:
    """Score classes by their centre's Euclidean distance, negated.

    Shapes: embeddings [N, D], centres [K, D] (NaN rows never win) -> scores [N, K].
    Source: moving targets, equations (9) and (11), reference set G.
    """
    return negative_distances(embeddings, centres)


def euc_ce(embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
    """Score classes by their class embedding's Euclidean distance, negated.

    Shapes: embeddings [N, D], class_embeddings [K, D] -> scores [N, K].
    Source: moving targets, equations (9) and (11), reference set C.
    """
    return negative_distances(embeddings, class_embeddings)
