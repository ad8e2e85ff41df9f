"""How many images of each class a mixture takes, in whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.data.errors import DataError
from trainables.data.mixtures import Mixture
from trainables.data.stratified import shares

_RESOLUTION = 10**9  # proportions as integers, for exact shares


def counts(
    mixture: Mixture, available: NDArray[np.int64], *, total: int | None = None, replacement: bool = False
) -> NDArray[np.int64]:
    """How many images of each class to take: int64 [K].

    available: how many there are, [K]. total: the sum to take; None takes as many as there are without repeating any.
    replacement: images may be taken more than once; proportions then share out as many as there are of all classes.
    Raises DataError if a class has no image, would get none, or, without replacement, has fewer than are wanted.
    """
    empty = [str(name) for name, n in zip(mixture.classes, available, strict=True) if n == 0]
    if empty:
        raise DataError(f"every class must have samples, but there are none of {', '.join(empty)}")
    if mixture.proportions:
        weights = np.array([round(p * _RESOLUTION) for p in mixture.proportions], dtype=np.int64)
        whole = available.sum() if replacement else min(available * int(weights.sum()) // weights)
        wanted = shares(weights, int(whole) if total is None else total)
        if total is None and not replacement and (wanted > available).any():
            # Largest remainder rounded the scarce class up past its last image: one image less suffices.
            wanted = shares(weights, int(whole) - 1)
    else:
        wanted = np.array(
            [round(share * int(n)) for share, n in zip(mixture.retained, available, strict=True)], dtype=np.int64
        )
        wanted = wanted if total is None else shares(wanted, total)
    for name, want, have in zip(mixture.classes, wanted.tolist(), available.tolist(), strict=True):
        if want == 0:
            raise DataError(f"every class must have samples, but the split leaves none of {name} ({have} images)")
        if want > have and not replacement:
            raise DataError(f"total={total} needs {want} images of {name}, but there are {have}: choose a smaller one")
    return wanted
