"""Antialiased bilinear resizing, equal to Pillow's to the last bit, on whole arrays of images."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_ONE = 1 << 22  # Pillow's fixed point for 8-bit images: 32 bits less 8 of the pixel, less 2 of head-room


def resize_bilinear(images: NDArray[np.uint8], *, height: int, width: int) -> NDArray[np.uint8]:
    """Resize uint8 [N, C, H, W] to [N, C, height, width] as PIL.Image.resize(..., BILINEAR) does.

    That is what torchvision.transforms.Resize does with a PIL image by default: a triangle filter, widened by the
    scale when shrinking; columns first, rounded to 8 bits, then rows. The weights are Pillow's 22-bit integers,
    held in float64 where every product and sum is exact, so that BLAS does the work and no bit differs.
    """
    if images.shape[-1] != width:
        images = _rounded(images.astype(np.float64) @ _weights(images.shape[-1], width).T)
    if images.shape[-2] != height:
        images = _rounded(_weights(images.shape[-2], height) @ images.astype(np.float64))
    return images


def _rounded(sums: NDArray[np.float64]) -> NDArray[np.uint8]:
    sums += _ONE // 2
    sums /= _ONE
    np.floor(sums, out=sums)
    return np.clip(sums, 0, 255, out=sums).astype(np.uint8)


@lru_cache(maxsize=64)
def _weights(size: int, new_size: int) -> NDArray[np.float64]:
    """Pillow's filter coefficients as a matrix [new_size, size] of integers in units of 1 / _ONE."""
    scale = size / new_size
    filter_scale = max(scale, 1.0)
    matrix = np.zeros((new_size, size))
    for row in range(new_size):
        centre = (row + 0.5) * scale
        first = max(int(centre - filter_scale + 0.5), 0)
        last = min(int(centre + filter_scale + 0.5), size)
        weights = [max(0.0, 1.0 - abs((x - centre + 0.5) / filter_scale)) for x in range(first, last)]
        # fsum would differ: Pillow adds from left to right.
        total = 0.0
        for weight in weights:
            total += weight
        matrix[row, first:last] = [math.floor(0.5 + weight / total * _ONE) for weight in weights]
    return matrix
