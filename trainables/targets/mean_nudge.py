"""Mean-nudge initialisation: the untrained network's means, pushed apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainables.targets.remapped_means import remapped_means
from trainables.targets.sigma_spacing import sigma_spacing
from trainables.targets.values import TargetValues

if TYPE_CHECKING:
    from torch import Tensor

SPACINGS = ("none", "remap", "sigma")


def mean_nudge(
    class_means: Tensor, non_class_means: Tensor, sigma_sum: float, *, epsilon: float = 0.1, spacing: str = "none"
) -> TargetValues:
    """Apply the spacing function, then move each non-class value by epsilon away from its class value.

    Up where it is above the class value, else down. One that reaches 0 becomes 0, and the class value epsilon; one that
    reaches 1 becomes 1, and the class value 1 - epsilon.
    class_means, non_class_means: [K] in [0, 1]. epsilon: in (0, 1], a probability. spacing: "none" leaves the means as
    they are, "remap" stretches them over [0, 1], "sigma" applies Algorithm 2 with its default factor 1 and sigma_sum of
    the same outputs; the paper refers to "the next section", but Figure 1 starts near what "none" gives.
    Raises ValueError for an epsilon out of range or another spacing. Source: Algorithm 1, section 4.4 (epsilon 0.1).
    """
    if not 0 < epsilon <= 1:
        raise ValueError(f"epsilon must be above 0 and at most 1, but got {epsilon}")
    values = _spaced(TargetValues(class_means, non_class_means), sigma_sum, spacing)
    class_values, non_class_values = values.class_values, values.non_class_values
    direction = torch.where(non_class_values > class_values, 1.0, -1.0).double()
    moved = non_class_values + direction * epsilon
    class_values = torch.where(moved <= 0, epsilon, torch.where(moved >= 1, 1 - epsilon, class_values))
    return TargetValues(class_values, moved.clamp(0, 1))


def _spaced(values: TargetValues, sigma_sum: float, spacing: str) -> TargetValues:
    match spacing:
        case "none":
            return values
        case "remap":
            return remapped_means(values.class_values, values.non_class_values)
        case "sigma":
            return sigma_spacing(values, sigma_sum)
        case _:
            raise ValueError(f"spacing must be one of {', '.join(SPACINGS)}, but got {spacing!r}")
