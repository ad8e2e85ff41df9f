"""The share of each class that is recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def recall_per_class(confusion: Tensor) -> Tensor:
    """Share of each class's samples that are predicted to be of it: TP / (TP + FN).

    confusion: [K, K] counts, rows the true classes -> [K] float64 in [0, 1], NaN for a class without samples.
    Raises ValueError if it is not square.
    """
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(f"a confusion matrix must be square, but got shape {tuple(confusion.shape)}")
    return confusion.diagonal().to(torch.float64) / confusion.sum(1)
