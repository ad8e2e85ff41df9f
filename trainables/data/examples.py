"""A few images at each step of their transform, as a paper shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainables.data.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trainables.data.augment import Augment
    from trainables.data.sources import RawSplit

EXAMPLES = 4  # images that are kept
SEED = 0


def example_arrays(
    split: RawSplit,
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    transform: Transform,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    augment: Augment | None = None,
) -> dict[str, NDArray[Any]]:
    """Up to four images of `rows`, drawn by a fixed seed, after each step that changes them.

    split: the data as their files hold them. labels [N]: of all its images. mean, std: per channel on the 0-255 scale.
    Returns example_rows, example_labels [m] int64: positions in the split and labels, and for the i-th image
      example_<i>_original, _resized, _cropped, _augmented: uint8 [C, H, W], without the steps that there are not
      example_<i>_normalised float32 [C, H, W]: what the network is given.
    """
    generator = np.random.default_rng(SEED)
    chosen = np.sort(generator.permutation(rows)[:EXAMPLES])
    arrays: dict[str, NDArray[Any]] = {"example_rows": chosen, "example_labels": labels[chosen]}
    for i, image in enumerate(_pick(split, chosen)):
        steps = _steps(image[None], transform, augment, torch.Generator().manual_seed(SEED + i))
        last = list(steps.values())[-1].astype(np.float32)
        per_channel = [np.asarray(values, dtype=np.float32)[:, None, None] for values in (mean, std)]
        steps["normalised"] = (last - per_channel[0]) / per_channel[1]
        arrays |= {f"example_{i}_{name}": pixels[0] for name, pixels in steps.items()}
    return arrays


def _pick(split: RawSplit, rows: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
    """The images [C, H, W] at these positions, in ascending order; images of one split may differ in size."""
    images: list[NDArray[np.uint8]] = []
    start = 0
    for chunk in split.chunks():
        inside = rows[(rows >= start) & (rows < start + len(chunk))]
        images += [chunk[row - start].copy() for row in inside]
        start += len(chunk)
        if len(images) == len(rows):
            break
    return images


def _steps(
    image: NDArray[np.uint8], transform: Transform, augment: Augment | None, generator: torch.Generator
) -> dict[str, NDArray[Any]]:
    """One image [1, C, H, W] before and after each step."""
    steps: dict[str, NDArray[Any]] = {"original": image}
    if transform.resize is not None:
        image = steps["resized"] = Transform(transform.resize)(image)
    if transform.crop is not None:
        image = steps["cropped"] = Transform(crop=transform.crop)(image)
    if augment is not None:
        steps["augmented"] = augment(torch.from_numpy(image), augment.draw(1, generator)).numpy()
    return steps
