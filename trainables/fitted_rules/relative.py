"""A threshold for each class, compared by ratio."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainables.fitted_rules.fitted import Fitted, check, check_thresholds
from trainables.fitted_rules.search import choose, most_correct
from trainables.fitted_rules.simplex import candidates

# A threshold of 0 is as one just above it: two such classes are told apart by their probabilities.
_LEAST_THRESHOLD = 1e-12
_LEAST_PROBABILITY = 1e-300


def relative(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    *,
    step: float = 0.01,
    draws: int = 2000,
    ties: str = "first",
    seed: int = 0,
) -> Fitted:
    """The thresholds, adding up to 1, with the highest accuracy when the largest probability / threshold decides.

    Shapes: probabilities [N, K], labels [N] -> K thresholds. step, draws, seed: see `simplex.candidates`; ties: see
    `search.choose`. Raises ValueError if one does not fit.
    Source: imbalance paper, "Pipeline, Training, Threshold Tuning, and Inference", the third method.
    """
    check(probabilities, labels)
    tried = candidates(probabilities.shape[1], step=step, draws=draws, seed=seed)
    correct = most_correct(_log(probabilities, _LEAST_PROBABILITY), labels, _log(tried, _LEAST_THRESHOLD))
    best = choose(correct, tried, ties=ties)
    return Fitted(partial(predict, thresholds=best), tuple(best.tolist()))


def predict(probabilities: NDArray[Any], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Probabilities [N, K], thresholds [K] -> the class most times above its threshold, int64 [N].

    Raises ValueError if there is not one threshold a class.
    """
    check_thresholds(probabilities, thresholds)
    ratios = _log(probabilities, _LEAST_PROBABILITY) - _log(thresholds, _LEAST_THRESHOLD)
    predicted: NDArray[np.int64] = ratios.argmax(1).astype(np.int64)
    return predicted


def _log(values: NDArray[Any], least: float) -> NDArray[np.float64]:
    return np.log(np.maximum(values.astype(np.float64), least))
