"""The images of an imbalance trial: the chosen classes in the chosen proportions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainables.data.errors import DataError
from trainables.data.mixture_counts import counts
from trainables.data.mixtures import labels_of
from trainables.data.prepared import DataSet, Split, load
from trainables.data.splits import split_indices
from trainables.data.stratified import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainables.imbalance_options import ImbalanceOptions
    from trainables.training import TrialContext

_TRAIN, _TEST = 0, 1  # words of the seed sequence: each draw has its own stream


@dataclass(frozen=True, eq=False)
class Images:
    """A data set of which some images count.

    classes: names of the chosen classes, in the order of their labels 0..K-1; other images of `train` and `test` have
    label -1. indices: positions that count, of "train" and "val" (both in `train`) and "test" (in `test`), sorted;
    drawn with replacement, some stand more than once.
    """

    data: DataSet
    classes: tuple[str, ...]
    train: Split
    test: Split
    indices: dict[str, NDArray[np.int64]]

    def split(self, name: str) -> tuple[Split, NDArray[np.int64]]:
        """The images, and which of them count, of "train", "val" or "test"."""
        return self.test if name == "test" else self.train, self.indices[name]

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """Training images of each class: int64 [K]."""
        return np.bincount(self.train.labels[self.indices["train"]], minlength=len(self.classes))


def load_images(options: ImbalanceOptions, context: TrialContext) -> Images:
    """Prepare (once per machine), map (once per process), choose and split.

    Which images are chosen depends on `split_seed` alone, not on the trial.
    Raises DataError when the data is missing or damaged, lacks a class, or has too few images of one.
    """
    data = load(
        options.dataset,
        data_dir=context.data_dir,
        cache_dir=context.cache_dir,
        normalisation=options.normalisation,
    )
    mixture = options.mixture
    labels = labels_of(mixture.classes, data.classes)
    renamed = np.full(data.n_classes, -1, dtype=np.int64)
    renamed[list(labels)] = np.arange(len(labels))
    train, test = (Split(split.images, renamed[np.asarray(split.labels)]) for split in (data.train, data.test))
    replacement = options.replacement
    wanted = counts(mixture, _available(train, labels), total=options.total, replacement=replacement)
    pool = _draw(train, wanted, (options.split_seed, _TRAIN), replacement=replacement)
    parts = split_indices(
        train.labels[pool],
        validation_fraction=options.validation_fraction,
        seed=options.split_seed,
        train_size=options.train_size,
    )
    in_test = _available(test, labels)
    as_train = options.test_distribution == "as_train"
    if as_train:
        in_test = counts(mixture, in_test, replacement=replacement)
    elif not in_test.all():
        raise DataError(f"every class must have test images, but there are {in_test.tolist()}")
    return Images(
        data=data,
        classes=tuple(data.classes[label] for label in labels),
        train=train,
        test=test,
        indices={
            "train": pool[parts.train],
            "val": pool[parts.validation],
            "test": _draw(test, in_test, (options.split_seed, _TEST), replacement=replacement and as_train),
        },
    )


def _available(split: Split, labels: tuple[int, ...]) -> NDArray[np.int64]:
    return np.bincount(split.labels[split.labels >= 0], minlength=len(labels))


def _draw(split: Split, wanted: NDArray[np.int64], seed: tuple[int, int], *, replacement: bool) -> NDArray[np.int64]:
    """Positions of `wanted[k]` random images of each class, sorted."""
    if not replacement:
        return draw(split.labels, wanted, seed=seed)[0]
    generator = np.random.default_rng(seed)
    members = (np.flatnonzero(split.labels == label) for label in range(len(wanted)))
    return np.sort(np.concatenate([generator.choice(m, n) for m, n in zip(members, wanted, strict=True)]))
