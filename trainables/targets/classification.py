"""Which class an output means, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.decision_rules.nearest import negative_distances

if TYPE_CHECKING:
    from torch import Tensor

    Rule = Callable[[Tensor, Tensor], Tensor]


def winner_takes_all(probabilities: Tensor, target_vectors: Tensor) -> Tensor:  # noqa: ARG001
    """Score classes by their own neuron's output: p [N, K] -> [N, K]. Source: section 1."""
    return probabilities


def nearest_target(probabilities: Tensor, target_vectors: Tensor) -> Tensor:
    """Score classes by -|p - t_k|: p [N, K], targets [K, K] -> [N, K]. Source: section 1, "minimum distance"."""
    return negative_distances(probabilities, target_vectors)


def nearest_neuron(probabilities: Tensor, target_vectors: Tensor) -> Tensor:
    """Score classes by -|p_k - c_k|, the distance of one neuron to its class value: [N, K].

    Source: the abstract, "the neuron whose output value is closest to its corresponding target value".
    """
    return -(probabilities - target_vectors.diagonal()).abs()


RULES: dict[str, Rule] = {
    "winner_takes_all": winner_takes_all,
    "nearest_target": nearest_target,
    "nearest_neuron": nearest_neuron,
}


def confidence(probabilities: Tensor, target_vectors: Tensor, predictions: Tensor) -> Tensor:
    """Mean cosine between each output and the target vector of its predicted class; a zero vector has cosine 0.

    Shapes: p [N, K], targets [K, K], predictions [N] -> scalar in [0, 1]. Source: section 4.5.
    """
    return functional.cosine_similarity(probabilities, target_vectors[predictions], dim=1).mean(dtype=torch.float64)
