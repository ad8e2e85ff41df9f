"""Nearest neighbour by cosine similarity, to class centres or to class embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.decision_rules.nearest import cosines

if TYPE_CHECKING:
    from torch import Tensor


def cos(embeddings: Tensor, centres: Tensor) -> Tensor:
    """Score classes by the cosine similarity to their centre, seen from the origin.

    Shapes: embeddings [N, D], centres [K, D] (NaN rows never win) -> scores [N, K].
    Source: moving targets, equations (9) and (10), reference set G.
    """
    return cosines(embeddings, centres)


def cos_ce(embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
    """Score classes by the cosine similarity to their class embedding, seen from the origin.

    Shapes: embeddings [N, D], class_embeddings [K, D] -> scores [N, K].
    Source: moving targets, equations (9) and (10), reference set C.
    """
    return cosines(embeddings, class_embeddings)
