"""Accuracy in which every class counts alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.recall import recall_per_class

if TYPE_CHECKING:
    from torch import Tensor


def balanced_accuracy(confusion: Tensor) -> float:
    """Mean over classes of the share of their samples that is predicted rightly, in [0, 1].

    confusion: [K, K] counts, rows the true classes; classes without samples are left out.
    Raises ValueError if it is not square or there are no samples.
    """
    recalls = recall_per_class(confusion)
    present = recalls[~recalls.isnan()]
    if not len(present):
        raise ValueError("balanced accuracy needs at least one sample")
    return float(present.mean())
