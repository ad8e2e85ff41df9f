"""Exact shares per class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def shares(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Split `total` over classes in proportion to `counts`, by largest remainder: the result sums to `total`.

    counts: int64 [K]; 0 <= total <= counts.sum(). No share exceeds its count. Ties go to the lower class.
    """
    # Integer arithmetic: a float remainder would break ties by rounding error.
    whole, remainders = np.divmod(counts * total, max(1, int(counts.sum())))
    order = np.argsort(-remainders, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def draw(
    labels: NDArray[np.int64], wanted: NDArray[np.int64], *, seed: int | Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw `wanted[k]` random positions of each class k in `labels`; returns (drawn, the others), both sorted.

    Which come first in a class depends on the seed and the labels alone: a smaller draw is part of a larger one.
    """
    generator = np.random.default_rng(seed)
    drawn, rest = [], []
    for label, count in enumerate(wanted):
        members = generator.permutation(np.flatnonzero(labels == label))
        drawn.append(members[:count])
        rest.append(members[count:])
    return np.sort(np.concatenate(drawn)), np.sort(np.concatenate(rest))
