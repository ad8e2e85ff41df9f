"""The reliability diagram's bins and its error: a scalar loop, and hand values."""

from __future__ import annotations

import numpy as np
import pytest

from results.figures import reliability
from results.figures.source import NotDrawnError, Source

from .embeddings import ARRAYS, source


def test_by_hand() -> None:
    """Oracle: by hand: 0.9 in (13/15, 14/15], right; 0.95 twice in (14/15, 1], one right; 0.5 in (7/15, 8/15], wrong.

    The error is (0.1 + 2 * 0.45 + 0.5) / 4.
    """
    data = reliability.data(source())
    filled = {k: (part.n, part.accuracy, part.confidence) for k, part in enumerate(data.bins) if part.n}
    assert filled == {
        7: (1, 0.0, pytest.approx(0.5)),
        13: (1, 1.0, pytest.approx(0.9)),
        14: (2, 0.5, pytest.approx(0.95)),
    }
    assert data.error == pytest.approx(1.5 / 4)
    assert (data.accuracy, data.confidence, data.n) == (0.5, pytest.approx(0.825), 4)
    assert (data.kind, data.split) == ("softmax of logits", "validation")


def test_by_a_scalar_loop() -> None:
    """Oracle: equations (2) and (3) of the source, image by image; confidences on the bins' bounds among them."""
    generator = np.random.default_rng(0)
    confidence = np.concatenate([generator.uniform(0.1, 1, 500), np.linspace(0, 1, 16)[1:]])
    correct = generator.uniform(size=len(confidence)) < confidence**2
    error, counts = 0.0, []
    for k in range(15):
        low, high = np.linspace(0, 1, 16)[k : k + 2]
        inside = [i for i, value in enumerate(confidence) if low < value <= high]
        counts.append(len(inside))
        if inside:
            accuracy = sum(correct[i] for i in inside) / len(inside)
            error += len(inside) / len(confidence) * abs(accuracy - sum(confidence[i] for i in inside) / len(inside))
    data = reliability.data(source(confidence=confidence, correct=correct))
    assert data.error == pytest.approx(error, abs=1e-12)
    assert [part.n for part in data.bins] == counts


def test_perfect_calibration_has_no_error() -> None:
    """Oracle: three quarters right at a confidence of 3/4; a confidence of 0 belongs to the first bin."""
    data = reliability.data(source(confidence=np.full(4, 0.75), correct=np.array([1, 1, 1, 0], dtype=bool)))
    assert data.error == 0
    zero = reliability.data(source(confidence=np.zeros(2), correct=np.zeros(2, dtype=bool)))
    assert zero.bins[0].n == 2


def test_probabilities_serve_where_no_confidence_was_kept() -> None:
    """Oracle: by hand: the largest of each row, 0.6 right and 0.7 wrong."""
    kept = {"probabilities": np.array([[0.6, 0.4], [0.3, 0.7]]), "labels": np.array([0, 0]), "split": np.array("test")}
    data = reliability.data(Source(outcome=source().outcome, load=lambda: kept))
    assert data.error == pytest.approx((0.4 + 0.7) / 2)
    assert data.split == "test"
    bare = {name: array for name, array in ARRAYS.items() if name != "confidence"}
    with pytest.raises(NotDrawnError, match="the best trial kept no confidence"):
        reliability.data(Source(outcome=source().outcome, load=lambda: bare))
