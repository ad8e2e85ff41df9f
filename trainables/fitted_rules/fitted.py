"""What fitting a decision rule gives, and what every one asks of its arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[Any]], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A rule with its thresholds. predict: probabilities [N, K] -> labels [N] (int64).

    thresholds: one for a binary rule, one a class for a rule with several, () for a rule without.
    """

    predict: Predict
    thresholds: tuple[float, ...] = ()

    def __call__(self, probabilities: NDArray[Any]) -> NDArray[np.int64]:
        """Predicted labels: probabilities [N, K] -> int64 [N]."""
        return self.predict(probabilities)


def check(probabilities: NDArray[Any], labels: NDArray[Any], *, classes: int | None = None) -> None:
    """Raise ValueError unless probabilities are [N, K] (K = `classes` if given) and labels [N] in 0..K-1, N >= 1."""
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ValueError(
            f"probabilities [N, K] and labels [N] must agree, but got {probabilities.shape}, {labels.shape}"
        )
    n_samples, n_classes = probabilities.shape
    if n_samples == 0:
        raise ValueError("a rule must be fitted on at least one sample, but got none")
    if classes is not None and n_classes != classes:
        raise ValueError(f"this rule is for {classes} classes, but got probabilities of {n_classes}")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"labels must be 0..{n_classes - 1}, but got {labels.min()} to {labels.max()}")


def check_thresholds(probabilities: NDArray[Any], thresholds: NDArray[Any]) -> None:
    """Raise ValueError unless there is one threshold for each class of probabilities [N, K]."""
    if probabilities.ndim != 2 or thresholds.shape != probabilities.shape[1:]:
        raise ValueError(
            f"there must be one threshold a class, but got {thresholds.size} for probabilities {probabilities.shape}"
        )
