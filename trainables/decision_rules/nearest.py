"""Scores of the nearest-neighbour classifier: one reference point a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.distances import at_least_float32, squared_distances

if TYPE_CHECKING:
    from torch import Tensor


def negative_distances(embeddings: Tensor, reference: Tensor) -> Tensor:
    """-|e - s| for every pair, -inf for references with NaN.

    Shapes: embeddings [N, D], reference [K, D] -> [N, K], at least float32. Source: equations (9) and (11).
    """
    return _without_missing(-squared_distances(embeddings, reference).sqrt(), reference)


def cosines(embeddings: Tensor, reference: Tensor) -> Tensor:
    """cos(e, s) for every pair, -inf for references with NaN; a zero vector has cosine 0 to everything.

    Shapes: embeddings [N, D], reference [K, D] -> [N, K], at least float32. Source: equations (2), (9) and (10).
    """
    with torch.autocast(embeddings.device.type, enabled=False):
        directions = functional.normalize(at_least_float32(embeddings), dim=1)
        scores = directions @ functional.normalize(at_least_float32(reference), dim=1).T
    return _without_missing(scores, reference)


def _without_missing(scores: Tensor, reference: Tensor) -> Tensor:
    return scores.masked_fill(reference.isnan().any(1), -torch.inf)
