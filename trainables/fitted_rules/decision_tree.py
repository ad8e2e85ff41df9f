"""A decision tree on the probabilities."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from trainables.fitted_rules.fitted import Fitted, check

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decision_tree(
    probabilities: NDArray[Any], labels: NDArray[Any], *, depth: int | None = None, seed: int = 0
) -> Fitted:
    """scikit-learn's tree, trained on the probabilities.

    Shapes: probabilities [N, K], labels [N]. depth: of the tree; K if not given, for the paper sketches one question a
    class ("is the probability of A above threshold A?"). A tree without a bound repeats the data that it was fitted
    on, and then its accuracy there says nothing. seed: among equally good questions.
    Raises ValueError if the arrays do not fit or depth is below 1.
    Source: imbalance paper, "Pipeline, Training, Threshold Tuning, and Inference", the first method.
    """
    check(probabilities, labels)
    if depth is not None and depth < 1:
        raise ValueError(f"depth must be at least 1, but got {depth}")
    tree = DecisionTreeClassifier(max_depth=depth or probabilities.shape[1], random_state=seed)
    tree.fit(probabilities, labels)
    return Fitted(partial(_predict, tree))


def _predict(tree: DecisionTreeClassifier, probabilities: NDArray[Any]) -> NDArray[np.int64]:
    predicted: NDArray[np.int64] = tree.predict(probabilities).astype(np.int64)
    return predicted
