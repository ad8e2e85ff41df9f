"""Sigma spacing: values that are closer than the outputs' spread are pushed apart."""

from __future__ import annotations

import math

import torch

from trainables.targets.values import TargetValues


def sigma_spacing(values: TargetValues, sigma_sum: float, *, scaling_factor: float = 1.0) -> TargetValues:
    """Where |c - c-bar| < sigma_sum, move c-bar by scaling_factor * sigma_sum away from c.

    As far as c-bar would pass 0 or 1, c moves the other way instead; both are then cut to [0, 1].
    sigma_sum: see `sigma.sigma_sum`, at least 0. scaling_factor: the paper's lambda, above 0.
    A c-bar equal to c moves up (Algorithm 2 says >=, where Algorithm 1 has >).
    Raises ValueError for a factor or sigma_sum out of range. Source: Algorithm 2.
    """
    if not (math.isfinite(scaling_factor) and scaling_factor > 0):
        raise ValueError(f"scaling_factor must be finite and above 0, but got {scaling_factor}")
    if not (math.isfinite(sigma_sum) and sigma_sum >= 0):
        raise ValueError(f"sigma_sum must be finite and at least 0, but got {sigma_sum}")
    class_values, non_class_values = values.class_values, values.non_class_values
    direction = torch.where(non_class_values >= class_values, 1.0, -1.0).double()
    moved = non_class_values + direction * scaling_factor * sigma_sum
    excess, deficit = (moved - 1).clamp(min=0), (-moved).clamp(min=0)
    close = values.separation < sigma_sum
    return TargetValues(
        torch.where(close, class_values - excess + deficit, class_values).clamp(0, 1),
        torch.where(close, moved, non_class_values).clamp(0, 1),
    )
