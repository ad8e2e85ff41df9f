"""The decision without tuning."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainables.fitted_rules.fitted import Fitted, check


def default(probabilities: NDArray[Any], labels: NDArray[Any]) -> Fitted:
    """The likeliest class; with two classes that is a threshold of 0.5. Nothing is fitted.

    Shapes: probabilities [N, K], labels [N]. Raises ValueError if they do not fit.
    Source: imbalance paper, columns "Default (0.5)" and "Default Softmax".
    """
    check(probabilities, labels)
    return Fitted(predict)


def predict(probabilities: NDArray[Any]) -> NDArray[np.int64]:
    """Probabilities [N, K] -> the first of the likeliest classes, int64 [N]."""
    predicted: NDArray[np.int64] = probabilities.argmax(1).astype(np.int64)
    return predicted
