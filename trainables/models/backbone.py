"""A network in two parts: a body and its last linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class Backbone(nn.Module):
    """A body, whose output is the penultimate layer, followed by a linear head.

    body: maps images [B, C, H, W] to [B, F]. head: Linear(F -> out_features).
    """

    def __init__(self, body: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.body = body
        self.head = head

    def features(self, images: Tensor) -> Tensor:
        """The penultimate layer's output: [B, C, H, W] -> [B, F]."""
        output: Tensor = self.body(images)
        return output

    def forward(self, images: Tensor) -> Tensor:
        """The head's output: [B, C, H, W] -> [B, out_features]."""
        output: Tensor = self.head(self.features(images))
        return output


def check_input(in_channels: int, image_size: int, *, smallest: int) -> None:
    """Raise ValueError unless images are grey or RGB squares of at least `smallest` pixels a side."""
    if in_channels not in (1, 3):
        raise ValueError(f"in_channels must be 1 (grey) or 3 (RGB), but got {in_channels}")
    if image_size < smallest:
        raise ValueError(f"image_size must be at least {smallest} pixels for this network, but got {image_size}")
