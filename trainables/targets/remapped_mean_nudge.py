"""Remapped-mean-nudge initialisation, a next step that the paper proposes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.targets.mean_nudge import mean_nudge

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.targets.values import TargetValues


def remapped_mean_nudge(class_means: Tensor, non_class_means: Tensor, *, epsilon: float = 0.1) -> TargetValues:
    """Mean-nudge whose spacing function stretches the means over [0, 1] first; see `mean_nudge`.

    Source: section 6.5, "to make more adequate use of the available range".
    """
    return mean_nudge(class_means, non_class_means, 0.0, epsilon=epsilon, spacing="remap")
