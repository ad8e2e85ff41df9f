"""The images of a linear-classifier trial, and the statistics that standardise them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from trainables.data.prepared import DataSet, Split, load
from trainables.data.splits import Indices, split_indices

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from trainables.linear_classifier_options import LinearClassifierOptions
    from trainables.training import TrialContext

_CHUNK = 1000  # images summed at once: 24 MB of CIFAR's in float64


@dataclass(frozen=True, eq=False)
class Images:
    """A data set with its split. mean, std: float64 [C, H, W], over the training images, on the 0-255 scale.

    train: the images that are trained on, at `indices.train`; those of `data.train`, or half of them mirrored.
    """

    data: DataSet
    train: Split
    indices: Indices
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def load_images(options: LinearClassifierOptions, context: TrialContext) -> Images:
    """Prepare (once per machine), map, split and summarise (once per process) the data set.

    Raises DataError when the data is missing or damaged, or an option does not fit it.
    """
    return _images(
        options.dataset,
        context.data_dir,
        context.cache_dir,
        options.validation_fraction,
        options.split_seed,
        options.train_size,
        options.standardisation,
        mirrored=options.flip == "once",
        final=context.final,
    )


@lru_cache(maxsize=2)
def _images(
    dataset: str,
    data_dir: Path,
    cache_dir: Path,
    validation_fraction: float,
    split_seed: int,
    train_size: int | None,
    standardisation: str,
    *,
    mirrored: bool,
    final: bool,
) -> Images:
    data = load(dataset, data_dir=data_dir, cache_dir=cache_dir, normalisation="none")
    indices = split_indices(
        np.asarray(data.train.labels),
        validation_fraction=validation_fraction,
        seed=split_seed,
        train_size=train_size,
    ).trained_on(final=final)
    mean, std = moments(data.train.images, indices.train, per_channel=standardisation == "channel")
    train = _mirrored(data.train, indices.train, split_seed) if mirrored else data.train
    return Images(data, train, indices, mean, std)


def _mirrored(split: Split, indices: NDArray[np.int64], seed: int) -> Split:
    """A copy of a split in which each image of `indices` is mirrored left to right with probability 1/2."""
    images = np.array(split.images)
    # Another stream than those of the splits, by a seed sequence of two words.
    chosen = indices[np.random.default_rng((seed, 2)).random(len(indices)) < 0.5]
    images[chosen] = images[chosen][..., ::-1]
    return Split(images, split.labels)


def moments(
    images: NDArray[np.uint8], indices: NDArray[np.int64], *, per_channel: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation [C, H, W] of every pixel over `images[indices]`, uint8 [N, C, H, W].

    per_channel: over the pixels of a channel as well, so that all of them have one value.
    """
    total = np.zeros(images.shape[1:])
    squares = np.zeros(images.shape[1:])
    for start in range(0, len(indices), _CHUNK):
        chunk = np.asarray(images[indices[start : start + _CHUNK]], dtype=np.float64)
        total += chunk.sum(0)
        squares += np.square(chunk, out=chunk).sum(0)
    mean, square = total / len(indices), squares / len(indices)  # sums of whole numbers below 2^53: exact
    if per_channel:
        mean, square = (np.broadcast_to(part.mean((1, 2), keepdims=True), part.shape) for part in (mean, square))
    return mean, np.sqrt(np.maximum(square - np.square(mean), 0))
