"""One threshold for two classes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainables.fitted_rules.fitted import Fitted, check
from trainables.fitted_rules.search import choose

STEPS = 1000  # the printed thresholds have three digits


def threshold(probabilities: NDArray[Any], labels: NDArray[Any], *, ties: str = "first") -> Fitted:
    """The threshold of class 1's probability with the highest accuracy, out of 0, 0.001 ... 1.

    Shapes: probabilities [N, 2], labels [N] in {0, 1}. ties: see `search.choose`.
    Raises ValueError if they do not fit, or there are not two classes. Cost O(N log N), whatever the number of steps.
    Source: imbalance paper, "Pipeline, Training, Threshold Tuning, and Inference" and the column "Best Threshold".
    """
    check(probabilities, labels, classes=2)
    tried = np.linspace(0, 1, STEPS + 1)
    negative, positive = (np.sort(probabilities[labels == label, 1]) for label in (0, 1))
    correct = np.searchsorted(negative, tried, side="right") + (
        len(positive) - np.searchsorted(positive, tried, side="right")
    )
    best = float(choose(correct, tried, ties=ties))
    return Fitted(partial(predict, threshold=best), (best,))


def predict(probabilities: NDArray[Any], threshold: float) -> NDArray[np.int64]:
    """Probabilities [N, 2] -> 1 where that of class 1 is above the threshold, else 0: int64 [N]."""
    if probabilities.ndim != 2 or probabilities.shape[1] != 2:
        raise ValueError(f"a single threshold is for 2 classes, but got probabilities of shape {probabilities.shape}")
    return (probabilities[:, 1] > threshold).astype(np.int64)
