"""How sure each system is of its predictions: numpy's softmax and a scalar loop, and the arrays that all five keep."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainables import catalog
from trainables.confidence import confidence_arrays, probabilities_of_scores
from trainables.training import TrialContext

POINTS = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
REFERENCES = [(1.0, 0.0), (0.0, 2.0), (3.0, 3.0)]


def test_confidence_is_the_largest_probability() -> None:
    """Oracle: by hand; the first of two equals is what is predicted."""
    arrays = confidence_arrays(
        torch.tensor([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]]), torch.tensor([1, 1, 1]), "softmax of logits"
    )
    assert arrays["confidence"].tolist() == pytest.approx([0.8, 0.5, 0.9])
    assert arrays["correct"].tolist() == [True, False, False]
    assert (arrays["confidence"].dtype, str(arrays["confidence_kind"])) == (np.float32, "softmax of logits")


@pytest.mark.parametrize("rule", ["euc", "cos_ce", "argmax", "mine"])
def test_probabilities_by_a_scalar_loop(rule: str) -> None:
    """Oracle: exp of each term over their sum: -|e - s|^2, the cosine, the logit or score itself."""
    scores, terms = [], []
    for point in POINTS.tolist():
        distances = [math.dist(point, reference) for reference in REFERENCES]
        row = [-distance for distance in distances]
        scores.append(row)
        terms.append([-(distance**2) for distance in distances] if rule == "euc" else row)
    expected = [[math.exp(term) / sum(map(math.exp, row)) for term in row] for row in terms]
    probabilities, kind = probabilities_of_scores(torch.tensor(scores), rule)
    assert probabilities.tolist() == [pytest.approx(row, rel=1e-5) for row in expected]
    assert kind.startswith("softmax of")


def test_a_class_without_a_centre_is_never_likely() -> None:
    """Oracle: its score is -inf, its probability 0."""
    probabilities, _ = probabilities_of_scores(torch.tensor([[-1.0, -torch.inf]]), "euc")
    assert probabilities.tolist() == [[1.0, 0.0]]


CONFIGS: dict[str, dict[str, Any]] = {
    "moving_targets": {"backbone": "mlp", "loss": "cosine", "embedding_dim": 4, "train_size": 200},
    "dynamic_targets": {"backbone": "mlp", "strategy": "one_hot", "train_size": 200},
    "imbalance": {
        "network": "imbalance_cnn",
        "padding": "same",
        "batch_size": 16,
        "classes": (0, 1),
        "proportions": (0.5, 0.5),
    },
    "linear_classifier": {"loss": "multiple_binary_cross_entropy", "train_size": 200},
    "digits_network": {"train_size": 200},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_system_keeps_the_same_arrays(name: str, tmp_path: Path) -> None:
    """Oracle: `correct` is what the likeliest class says; a share of right answers that an epoch's training allows."""
    context = TrialContext(seed=1, data_dir=tmp_path, cache_dir=tmp_path / "cache")
    training = catalog.load("trainables", name)({"dataset": "digits", "lr": 0.01, **CONFIGS[name]}, context)
    training.train_epoch()
    arrays = training.arrays()
    confidence, correct = arrays["confidence"], arrays["correct"]
    assert confidence.shape == correct.shape == arrays["labels"].shape
    assert 0 < confidence.min() <= confidence.max() <= 1
    predicted = arrays["predictions_argmax"] if "predictions_argmax" in arrays else arrays["scores"].argmax(1)
    assert np.array_equal(correct, predicted == arrays["labels"])
    assert str(arrays["confidence_kind"]).startswith(("softmax of", "sigmoid of"))
