"""The mean of the classes' F1 scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def macro_f1(confusion: Tensor) -> float:
    """Mean over classes of 2 TP / (2 TP + FP + FN), in [0, 1].

    confusion: [K, K] counts, rows the true classes. Classes that are neither there nor predicted are left out, as
    scikit-learn does. Raises ValueError without samples.
    """
    involved = confusion.sum(0) + confusion.sum(1)  # 2 TP + FP + FN
    present = involved > 0
    if not bool(present.any()):
        raise ValueError("F1 needs at least one sample")
    return float((2 * confusion.diagonal().to(torch.float64) / involved)[present].mean())
