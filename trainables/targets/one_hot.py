"""One-hot targets."""

from __future__ import annotations

import torch

from trainables.targets.values import TargetValues


def one_hot(n_classes: int) -> TargetValues:
    """1 for the class, 0 elsewhere. Source: section 4.4, strategy 1."""
    return TargetValues(torch.ones(n_classes, dtype=torch.float64), torch.zeros(n_classes, dtype=torch.float64))
