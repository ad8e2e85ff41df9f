"""Random horizontal flips and crops of whole batches, on the device that trains."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Draws:
    """What was drawn for N images: flips bool [N]; tops, lefts int64 [N], 0..2 * crop_padding."""

    flips: Tensor
    tops: Tensor
    lefts: Tensor

    def to(self, device: torch.device) -> Draws:
        """The same on `device`."""
        return Draws(self.flips.to(device), self.tops.to(device), self.lefts.to(device))

    def __getitem__(self, rows: slice) -> Draws:
        return Draws(self.flips[rows], self.tops[rows], self.lefts[rows])


@dataclass(frozen=True)
class Augment:
    """flip: mirror left and right with probability 1/2. crop_padding: shift by up to so many pixels each way.

    The same distributions as torchvision's RandomCrop(size, padding=crop_padding), which fills with black, followed
    by RandomHorizontalFlip(). Raises ValueError if crop_padding is negative.
    """

    flip: bool = False
    crop_padding: int = 0

    def __post_init__(self) -> None:
        if self.crop_padding < 0:
            raise ValueError(f"crop_padding must be at least 0, but got {self.crop_padding}")

    def draw(self, n: int, generator: torch.Generator) -> Draws:
        """Draw for `n` images from a CPU generator, so that every device sees the same."""
        flips = torch.rand(n, generator=generator) < 0.5 if self.flip else torch.zeros(n, dtype=torch.bool)
        offsets = torch.full((2, n), self.crop_padding)
        if self.crop_padding:
            offsets = torch.randint(2 * self.crop_padding + 1, (2, n), generator=generator)
        return Draws(flips, offsets[0], offsets[1])

    def __call__(self, pixels: Tensor, draws: Draws) -> Tensor:
        """Crop, then flip, uint8 [N, C, H, W] by N draws on the same device."""
        if self.crop_padding:
            height, width = pixels.shape[-2:]
            padded = nn.functional.pad(pixels, (self.crop_padding,) * 4)
            windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # [N, C, 2p+1, 2p+1, H, W], no copy
            pixels = windows[torch.arange(len(pixels), device=pixels.device), :, draws.tops, draws.lefts]
        if self.flip:
            pixels = torch.where(draws.flips[:, None, None, None], pixels.flip(-1), pixels)
        return pixels
