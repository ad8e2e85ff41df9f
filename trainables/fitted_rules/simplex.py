"""Sets of thresholds that are tried: one threshold a class, adding up to 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MAX_EXHAUSTIVE = 10_000  # sets: three classes at step 0.01 are 5,151, four would be 176,851


def candidates(n_classes: int, *, step: float, draws: int, seed: int) -> NDArray[np.float64]:
    """All sets on a grid of `step` where there are at most 10,000, else `draws` random ones: [C, K].

    Source: imbalance paper, "Pipeline, Training, Threshold Tuning, and Inference": all sets for three classes, 2,000
    random combinations for ten. Raises ValueError if 1 is no multiple of step, or draws is below 1.
    """
    parts = round(1 / step)
    if parts < 1 or not math.isclose(parts * step, 1):
        raise ValueError(f"1 must be a multiple of step, but got {step}")
    if math.comb(parts + n_classes - 1, n_classes - 1) <= MAX_EXHAUSTIVE:
        return grid(n_classes, parts) / parts
    if draws < 1:
        raise ValueError(f"draws must be at least 1, but got {draws}")
    return np.random.default_rng(seed).dirichlet(np.ones(n_classes), size=draws)  # uniform over the simplex


def grid(n_classes: int, parts: int) -> NDArray[np.int64]:
    """Every way to add up to `parts` with `n_classes` whole numbers from 0 on, in lexicographic order: [C, K]."""
    rows = np.zeros((1, 0), dtype=np.int64)
    for _ in range(n_classes - 1):
        left = parts - rows.sum(1)  # what each beginning leaves to share out
        values = np.concatenate([np.arange(n + 1) for n in left])
        rows = np.column_stack([np.repeat(rows, left + 1, axis=0), values])
    return np.column_stack([rows, parts - rows.sum(1)])
