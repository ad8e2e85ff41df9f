"""Resize and crop against torchvision's own on PIL images."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from trainables.data.errors import DataError
from trainables.data.transform import Transform


def _by_torchvision(image: np.ndarray, resize: int | None, crop: int | None) -> np.ndarray:
    from torchvision import transforms

    steps = [transforms.Resize(resize)] if resize else []
    steps += [transforms.CenterCrop(crop)] if crop else []
    picture = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))
    pixels = np.asarray(transforms.Compose(steps)(picture))
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)


@pytest.mark.parametrize(
    ("shape", "resize", "crop"),
    [
        ((1, 28, 28), 44, 36),  # the paper's, on MNIST
        ((3, 32, 32), 44, 36),  # and on CIFAR
        ((1, 8, 8), 44, 36),
        ((3, 97, 61), 44, 36),  # shrinking, not square
        ((3, 61, 97), 50, 33),  # odd margins, halves rounded to even: down
        ((3, 61, 97), 50, 31),  # and up
        ((1, 64, 64), 7, None),
        ((3, 20, 31), None, 15),
        ((3, 20, 31), 20, None),  # nothing to do
    ],
)
def test_equals_torchvision_on_pil_images(shape: tuple[int, int, int], resize: int | None, crop: int | None) -> None:
    """Oracle: torchvision.transforms on PIL images. No tolerance: both work in Pillow's fixed point."""
    images = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    images[0], images[1] = 255, 0  # sums at both ends of the range
    ours = Transform(resize, crop)(images)
    theirs = np.stack([_by_torchvision(image, resize, crop) for image in images])
    np.testing.assert_array_equal(ours, theirs)


def test_no_transform_changes_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 7), dtype=np.uint8)
    np.testing.assert_array_equal(Transform()(images), images)


@pytest.mark.parametrize(
    ("resize", "crop", "message"),
    [
        (0, None, "resize"),
        (None, -3, "crop"),
        (True, None, "resize"),
        (32, 36, r"`crop <= resize`"),
        (4.5, 2, "resize"),
    ],
)
def test_impossible_sizes_are_refused(resize: int, crop: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Transform(resize, crop)


def test_a_crop_larger_than_the_image_is_refused() -> None:
    """Unlike torchvision, which would pad with black."""
    with pytest.raises(DataError, match="crop=36 for 28x28: set resize"):
        Transform(crop=36)(np.zeros((1, 1, 28, 28), dtype=np.uint8))
