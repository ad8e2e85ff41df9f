"""The set of offsets that classifies most samples rightly, out of thousands, without a loop over samples or sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 2**18  # comparisons at once: as bytes they stay in a core's cache
TIES = ("first", "centre")


def most_correct(scores: NDArray[Any], labels: NDArray[Any], offsets: NDArray[Any]) -> NDArray[np.int64]:
    """For each set of offsets the number of samples whose argmax(scores - offsets) is their label: int64 [C].

    Shapes: scores [N, K], labels [N], offsets [C, K]; as in numpy the first of equal values is the argmax.
    A sample of class y is right if offsets_j - offsets_y exceeds scores_j - scores_y for every other class j (or
    equals it, for j > y): the left side is of the set alone, the right side of the sample alone. Cost O(C*N*K)
    comparisons, eight bits each.
    """
    n_classes = scores.shape[1]
    correct = np.zeros(len(offsets), dtype=np.int64)
    for label in range(n_classes):
        own = scores[labels == label]
        width = -(-len(own) // 8) * 8  # whole words of eight flags, the last ones never set
        needed = np.full((n_classes, width), np.inf)
        needed[:, : len(own)] = (own - own[:, label : label + 1]).T
        given = offsets - offsets[:, label : label + 1]
        rows = max(1, _BLOCK // max(1, width))
        flags = np.empty((rows, width), dtype=bool)
        for start in range(0, len(offsets) if width else 0, rows):
            block = given[start : start + rows]
            right = np.isfinite(needed[label])[None].repeat(len(block), axis=0)
            for other in range(n_classes):
                if other != label:
                    compare = np.greater if other < label else np.greater_equal
                    right &= compare(block[:, other, None], needed[other], out=flags[: len(block)])
            correct[start : start + rows] += np.bitwise_count(right.view(np.uint64)).sum(1, dtype=np.int64)
    return correct


def choose(correct: NDArray[np.int64], candidates: NDArray[np.float64], *, ties: str) -> NDArray[np.float64]:
    """The best candidate: a row of candidates [C, ...].

    ties: "first" takes the first of the best, as numpy.argmax and a loop with `>` do; "centre" the one that lies
    nearest to the mean of the best, away from where accuracy falls. Raises ValueError for another word.
    """
    if ties not in TIES:
        raise ValueError(f"ties must be one of {', '.join(TIES)}, but got {ties!r}")
    best = candidates[correct == correct.max()]
    rows = best.reshape(len(best), -1)
    chosen = 0 if ties == "first" else int(np.square(rows - rows.mean(0)).sum(1).argmin())
    row: NDArray[np.float64] = best[chosen]
    return row
