"""The images of a moving-targets trial: which are trained on, which validate, which are held out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from trainables.data.errors import DataError
from trainables.data.prepared import DataSet, Split, load
from trainables.data.splits import Indices, split_indices
from trainables.data.stratified import draw

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from trainables.moving_targets_options import MovingTargetsOptions
    from trainables.training import TrialContext

DEFAULT_SHOTS = 5
FEW_SHOT_IMAGES = 500  # of each held-out class: a hundred episodes then take less time than an epoch


@dataclass(frozen=True, eq=False)
class Images:
    """A data set whose labels are those of the trained classes, 0..K-1, followed by those held out.

    classes: names of the trained classes. train, test: all images of the set. indices: into `train`.
    test_indices: images of trained classes in `test`. centre_indices: those training images that class centres
    are means of. few_shot: by split ("val", "test"), images of held-out classes; empty if there are none.
    """

    data: DataSet
    classes: tuple[str, ...]
    train: Split
    test: Split
    indices: Indices
    test_indices: NDArray[np.int64]
    centre_indices: NDArray[np.int64]
    few_shot: dict[str, NDArray[np.int64]]

    def split(self, name: str) -> tuple[Split, NDArray[np.int64]]:
        """The images, and which of them count, of "train", "val" or "test"."""
        if name == "test":
            return self.test, self.test_indices
        return self.train, self.indices.train if name == "train" else self.indices.validation


def load_images(options: MovingTargetsOptions, context: TrialContext) -> Images:
    """Prepare (once per machine), map (once per process) and split the data set.

    Raises DataError when the data is missing or damaged, or an option does not fit it.
    """
    resize, crop = options.transform
    held_out = options.held_out_classes
    data, train, test = _mapped(
        options.dataset, context.data_dir, context.cache_dir, resize, crop, options.normalisation, held_out
    )
    n_classes = data.n_classes - len(held_out)
    indices = split_indices(
        np.asarray(train.labels),
        validation_fraction=options.validation_fraction,
        seed=options.split_seed,
        train_size=options.train_size,
        held_out=range(n_classes, data.n_classes),
    ).trained_on(final=context.final)
    few_shot = {}
    if held_out:
        shots = options.few_shot_shots or DEFAULT_SHOTS
        few_shot = {name: _of_held_out(part, n_classes, shots) for name, part in (("val", train), ("test", test))}
    return Images(
        data=data,
        classes=tuple(name for label, name in enumerate(data.classes) if label not in held_out),
        train=train,
        test=test,
        indices=indices,
        test_indices=np.flatnonzero(np.asarray(test.labels) < n_classes),
        centre_indices=_of_centres(options, indices.train),
        few_shot=few_shot,
    )


@lru_cache(maxsize=2)
def _mapped(
    dataset: str,
    data_dir: Path,
    cache_dir: Path,
    resize: int | None,
    crop: int | None,
    normalisation: str,
    held_out: tuple[int, ...],
) -> tuple[DataSet, Split, Split]:
    """The set and its relabelled splits; kept, for the next trial in this process maps the same images."""
    data = load(
        dataset,
        data_dir=data_dir,
        cache_dir=cache_dir,
        resize=resize,
        crop=crop,
        normalisation=normalisation,
    )
    if not held_out:
        return data, data.train, data.test
    if unknown := [label for label in held_out if label >= data.n_classes]:
        raise DataError(f"held_out_classes must be labels 0..{data.n_classes - 1} of {dataset}, but got {unknown}")
    kept = [label for label in range(data.n_classes) if label not in held_out]
    new_labels = np.empty(data.n_classes, dtype=np.int64)
    new_labels[[*kept, *held_out]] = np.arange(data.n_classes)
    train, test = (Split(split.images, new_labels[np.asarray(split.labels)]) for split in (data.train, data.test))
    return data, train, test


def _of_held_out(split: Split, n_classes: int, shots: int) -> NDArray[np.int64]:
    labels = np.asarray(split.labels)
    wanted = np.minimum(np.bincount(labels), FEW_SHOT_IMAGES)
    wanted[:n_classes] = 0
    if shots >= (least := int(wanted[n_classes:].min())):
        raise DataError(f"few_shot_shots must be below the {least} images of a held-out class, but got {shots}")
    return draw(labels, wanted, seed=0)[0]


def _of_centres(options: MovingTargetsOptions, train: NDArray[np.int64]) -> NDArray[np.int64]:
    if options.centres_from == "all":
        return train
    if options.centres_from > len(train):
        raise DataError(
            f"centres_from must be all or at most the {len(train)} training images, but got {options.centres_from}"
        )
    chosen = np.random.default_rng(options.split_seed).choice(train, options.centres_from, replace=False)
    return np.sort(chosen)
