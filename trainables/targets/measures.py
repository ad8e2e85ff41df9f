"""What is recorded of an epoch: how well the outputs fit the targets, and the target values themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainables.losses.target_nll import target_nll
from trainables.metrics.accuracy import accuracy
from trainables.targets.classification import RULES, confidence
from trainables.targets.sigma import sigma_sum

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.targets.observation import Outputs
    from trainables.targets.values import TargetValues


@torch.inference_mode()
def measures_of(outputs: Outputs, target_vectors: Tensor, *, rule: str, axes: str) -> dict[str, float]:
    """Loss, accuracies, confidence and spread of a network's outputs on a split.

    loss: the mean over the samples. accuracy: by `rule`; accuracy/<name>: by every rule. confidence: of the predictions
    of `rule`. sigma_sum: by `axes`. target_vectors: [K, K] float32, a row a class. Source: section 4.5.
    """
    labels, probabilities = outputs.labels, outputs.probabilities
    scores = {name: score(probabilities, target_vectors) for name, score in RULES.items()}
    accuracies = {name: accuracy(scored, labels) for name, scored in scores.items()}
    predictions = scores[rule].argmax(1)
    return {
        "loss": target_nll(outputs.logits.double(), labels, target_vectors.double()).item() / len(labels),
        "accuracy": accuracies[rule],
        **{f"accuracy/{name}": value for name, value in accuracies.items()},
        "confidence": confidence(probabilities, target_vectors, predictions).item(),
        "sigma_sum": sigma_sum(probabilities, labels, axes=axes),
    }


def value_metrics(values: TargetValues) -> dict[str, float]:
    """Class value, non-class value and separation of each class (or neuron) k, and the separations' mean, min, max."""
    separation = values.separation
    columns = {
        "class_value": values.class_values,
        "non_class_value": values.non_class_values,
        "separation": separation,
    }
    return {
        **{f"targets/{name}/{k}": value for name, column in columns.items() for k, value in enumerate(column.tolist())},
        "targets/separation/mean": separation.mean().item(),
        "targets/separation/min": separation.min().item(),
        "targets/separation/max": separation.max().item(),
    }
