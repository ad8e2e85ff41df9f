"""The spread of a network's outputs as one number, in the readings that the paper leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

AXES = ("neurons", "own_neurons", "class_neurons", "all", "samples")


@torch.no_grad()
def sigma_sum(probabilities: Tensor, labels: Tensor, *, axes: str = "neurons") -> float:
    """Sum of standard deviations of outputs p [N, K], labels [N] (0..K-1); in probability, at least 0.

    axes, what has a standard deviation (n - 1 in the denominator) and is summed over:
      neurons        each output neuron over all samples: K terms
      own_neurons    each class's own neuron over the samples of that class: K terms
      class_neurons  each neuron over the samples of each class: K^2 terms
      all            all N K outputs together: one term
      samples        each sample's K outputs: N terms
    Raises ValueError for another reading. Source: Algorithm 2, line 2: "sum of standard deviations across all current
    outputs" and no more.
    """
    outputs = probabilities.double()
    match axes:
        case "neurons":
            return float(outputs.std(0).sum())
        case "own_neurons":
            return float(_class_deviations(outputs, labels).diagonal().sum())
        case "class_neurons":
            return float(_class_deviations(outputs, labels).sum())
        case "all":
            return float(outputs.std())
        case "samples":
            return float(outputs.std(1).sum())
        case _:
            raise ValueError(f"sigma_axes must be one of {', '.join(AXES)}, but got {axes!r}")


def _class_deviations(outputs: Tensor, labels: Tensor) -> Tensor:
    """Standard deviation of each neuron over the samples of each class, [K, K]; 0 for a class of fewer than two."""
    parts = [outputs[labels == label] for label in range(outputs.shape[1])]
    return torch.stack([part.std(0) if len(part) > 1 else torch.zeros_like(outputs[0]) for part in parts])
