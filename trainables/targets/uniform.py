"""Uniformly distributed target values."""

from __future__ import annotations

import torch

from trainables.targets.values import TargetValues


def uniform(n_classes: int, generator: torch.Generator, *, drawn: bool = True) -> TargetValues:
    """All 2 K values spread uniformly over (0, 1): drawn at random, or even, (2k+1)/4K, in a random order.

    Which of the two the authors meant is not printed. Source: section 3.3, strategy 1.
    """
    n = 2 * n_classes
    if drawn:
        values = torch.rand(n, dtype=torch.float64, generator=generator)
    else:
        values = (torch.randperm(n, generator=generator).double() + 0.5) / n
    return TargetValues(values[:n_classes], values[n_classes:])
