"""The means of the untrained network's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.targets.values import TargetValues

if TYPE_CHECKING:
    from torch import Tensor


def untrained_means(class_means: Tensor, non_class_means: Tensor) -> TargetValues:
    """The means themselves, [K] each: about 1/K everywhere. Source: section 3.3, strategy 3."""
    return TargetValues(class_means, non_class_means)
