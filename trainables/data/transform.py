"""The deterministic part of a data set's transform: resize, then centre crop, done once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainables.data.errors import DataError
from trainables.data.resizing import resize_bilinear


@dataclass(frozen=True)
class Transform:
    """Resize the smaller edge to `resize` pixels keeping the aspect, then cut the central `crop` x `crop`.

    The same as torchvision's `Resize(resize)` and `CenterCrop(crop)` on PIL images; None leaves a step out.
    Unlike CenterCrop it refuses to pad: a crop larger than the image is an error.
    """

    resize: int | None = None
    crop: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("resize", self.resize), ("crop", self.crop)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise DataError(f"{name} must be a whole number of pixels, at least 1, but got {value!r}")
        if self.resize is not None and self.crop is not None and self.crop > self.resize:
            raise DataError(f"`crop <= resize` must hold, but got (crop={self.crop}, resize={self.resize})")

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Transform uint8 [N, C, H, W] to [N, C, H', W']. Raises DataError when the crop does not fit."""
        height, width = images.shape[-2:]
        if self.resize is not None:
            height, width = _resized(height, width, self.resize)
            images = resize_bilinear(images, height=height, width=width)
        if self.crop is not None:
            if self.crop > min(height, width):
                raise DataError(f"crop must fit the image, but got crop={self.crop} for {height}x{width}: set resize")
            # round() to even, as torchvision does
            top, left = round((height - self.crop) / 2), round((width - self.crop) / 2)
            images = images[..., top : top + self.crop, left : left + self.crop]
        return images


def _resized(height: int, width: int, edge: int) -> tuple[int, int]:
    if width <= height:
        return int(edge * height / width), edge
    return edge, int(edge * width / height)
