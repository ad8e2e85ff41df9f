"""Which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def confusion_matrix(predictions: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    """Count the samples of each class that were predicted to be of each class.

    Shapes: predictions [N], labels [N] (int64, 0..K-1) -> [K, K] int64 on their device; rows are true classes, columns
    predicted ones, as in scikit-learn. N may be 0. The matrices of batches add up.
    Raises ValueError if the shapes differ or a class is not below K.
    """
    if predictions.ndim != 1 or predictions.shape != labels.shape:
        raise ValueError(
            f"predictions [N] and labels [N] must agree, but got {tuple(predictions.shape)}, {tuple(labels.shape)}"
        )
    for name, classes in (("predictions", predictions), ("labels", labels)):
        if len(classes) and not (int(classes.min()) >= 0 and int(classes.max()) < n_classes):
            raise ValueError(f"{name} must be 0..{n_classes - 1}, but got {int(classes.min())}..{int(classes.max())}")
    counts = torch.bincount(labels * n_classes + predictions, minlength=n_classes**2)
    return counts.view(n_classes, n_classes)
