"""The means of the untrained network's outputs, stretched over the whole range."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.targets.values import TargetValues


def remapped_means(class_means: Tensor, non_class_means: Tensor) -> TargetValues:
    """(m - lowest) / (highest - lowest) over all 2 K means, [K] each; where all are equal, as they are.

    One map for all of them keeps their order; the paper says "the full (0,1) range" and no more.
    Source: section 3.3, strategy 4.
    """
    both = torch.stack([class_means, non_class_means])
    span = both.max() - both.min()
    mapped = (both - both.min()) / span if span > 0 else both
    return TargetValues(*mapped)
