"""How many images of each class a mixture takes, in whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.data.errors import DataError
from trainables.data.mixtures import Mixture
from trainables.data.stratified import shares

_RESOLUTION = 10**9  # proportions as integers, for exact shares


def counts(mixture: Mixture, available: NDArray[np.int64], *, total: int | None = None) -> NDArray[np.int64]:
    """How many images of each class to take: int64 [K].

    available: how many there are, [K]. total: the sum to take; None takes as many as there are without repeating any.
    Raises DataError if a class has no image, would get none, or has fewer than are wanted.
    """
    empty = [str(name) for name, n in zip(mixture.classes, available, strict=True) if n == 0]
    if empty:
        raise DataError(f"every class must have samples, but there are none of {', '.join(empty)}")
    if mixture.proportions:
        weights = np.array([round(p * _RESOLUTION) for p in mixture.proportions], dtype=np.int64)
        n = int(min(available * int(weights.sum()) // weights)) if total is None else total
        # Largest remainder may round the scarce class up past its last image: one image less then suffices.
        wanted = shares(weights, n)
        if total is None and (wanted > available).any():
            wanted = shares(weights, n - 1)
    else:
        wanted = np.array(
            [round(share * int(n)) for share, n in zip(mixture.retained, available, strict=True)], dtype=np.int64
        )
        wanted = wanted if total is None else shares(wanted, total)
    for name, want, have in zip(mixture.classes, wanted.tolist(), available.tolist(), strict=True):
        if want == 0:
            raise DataError(f"every class must have samples, but the split leaves none of {name} ({have} images)")
        if want > have:
            raise DataError(f"total={total} needs {want} images of {name}, but there are {have}: choose a smaller one")
    return wanted
