"""A class value and a non-class value for each class or neuron, and the target vectors that they make."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class TargetValues:
    """Class values c and non-class values c-bar, float64 [K] each, in [0, 1]. Source: section 3.1.

    Raises ValueError for other shapes, or a value outside [0, 1].
    """

    class_values: Tensor
    non_class_values: Tensor

    def __post_init__(self) -> None:
        if self.class_values.ndim != 1 or self.class_values.shape != self.non_class_values.shape:
            shapes = (tuple(self.class_values.shape), tuple(self.non_class_values.shape))
            raise ValueError(f"class and non-class values must be two vectors of one length, but got shapes {shapes}")
        both = torch.stack([self.class_values, self.non_class_values])
        if not bool(((both >= 0) & (both <= 1)).all()):
            raise ValueError(f"target values must lie in 0..1, but got {both.tolist()}")

    def vectors(self, per: str = "class") -> Tensor:
        """Target vectors [K, K], a row a class; float64.

        per "class": row i holds c_i at i and c-bar_i elsewhere (section 3.1). per "neuron": column j holds c_j at j and
        c-bar_j elsewhere, so each output neuron has its own two values (section 6.6).
        Raises ValueError for another layout.
        """
        if per not in ("class", "neuron"):
            raise ValueError(f"values_per must be class or neuron, but got {per!r}")
        others = self.non_class_values.expand(len(self.class_values), -1).clone()
        vectors = others.T.contiguous() if per == "class" else others
        vectors.diagonal().copy_(self.class_values)
        return vectors

    @property
    def separation(self) -> Tensor:
        """|c - c-bar| [K]. Source: section 4.5."""
        return (self.class_values - self.non_class_values).abs()
