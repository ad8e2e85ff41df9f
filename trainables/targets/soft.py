"""Soft targets."""

from __future__ import annotations

import torch

from trainables.targets.values import TargetValues


def soft(n_classes: int, *, class_value: float = 0.8, non_class_value: float = 0.2) -> TargetValues:
    """One class value and one non-class value for all classes; not normalised, ten classes sum to 2.6.

    Raises ValueError for a value outside [0, 1]. Source: section 4.4, strategy 2.
    """
    shape = (n_classes,)
    return TargetValues(
        torch.full(shape, class_value, dtype=torch.float64), torch.full(shape, non_class_value, dtype=torch.float64)
    )
