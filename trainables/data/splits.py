"""Train and validation indices of a training split: stratified, seeded, disjoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trainables.data.errors import DataError
from trainables.data.stratified import draw, shares


@dataclass(frozen=True, eq=False)
class Indices:
    """Sorted int64 positions in the training split. held_out: all samples of the classes kept out of both."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    held_out: NDArray[np.int64]

    def trained_on(self, *, final: bool) -> Indices:
        """The same, with the validation samples among those that are trained on if selection is over (`final`)."""
        return replace(self, train=np.sort(np.concatenate([self.train, self.validation]))) if final else self


def split_indices(
    labels: NDArray[np.int64],
    *,
    validation_fraction: float,
    seed: int,
    train_size: int | None = None,
    held_out: Sequence[int] = (),
) -> Indices:
    """Split `labels` [N] (0..K-1), each class in proportion to its count; the shares sum up exactly.

    validation_fraction: of the samples that are not held out, 0 < f < 1. train_size: keep only so many of the
    remaining training samples; None keeps all. A smaller train_size draws a subset of a larger one's samples per
    class, and leaves the validation set as it is. held_out: classes in neither.
    Raises DataError when an option is out of range or a class would have no training or no validation sample.
    """
    counts = np.bincount(labels)
    problems = _problems(len(counts), validation_fraction, held_out)
    if problems:
        raise DataError("; ".join(problems))
    is_held_out = np.isin(labels, list(held_out))
    counts[list(held_out)] = 0
    n_validation = round(validation_fraction * int(counts.sum()))
    wanted = shares(counts, n_validation)
    _check_filled("validation", wanted, counts, f"validation_fraction={validation_fraction}")
    positions = np.flatnonzero(~is_held_out)
    validation, train = (positions[part] for part in draw(labels[positions], wanted, seed=seed))
    left = counts - wanted
    _check_filled("training", left, counts, f"validation_fraction={validation_fraction}")
    if train_size is not None:
        if not 1 <= train_size <= len(train):
            raise DataError(f"train_size must be between 1 and the {len(train)} training samples, but got {train_size}")
        wanted = shares(left, train_size)
        _check_filled("training", wanted, counts, f"train_size={train_size}")
        # Another stream than the first draw's, by a seed sequence of two words.
        train = train[draw(labels[train], wanted, seed=(seed, 1))[0]]
    return Indices(train=train, validation=validation, held_out=np.flatnonzero(is_held_out))


def _problems(n_classes: int, validation_fraction: float, held_out: Sequence[int]) -> list[str]:
    problems = []
    if not 0 < validation_fraction < 1:
        problems.append(f"`0 < validation_fraction < 1` must hold, but got {validation_fraction}")
    unknown = [label for label in held_out if not 0 <= label < n_classes]
    if unknown:
        problems.append(f"held_out must name classes 0..{n_classes - 1}, but got {unknown}")
    if len(set(held_out)) != len(held_out):
        problems.append(f"held_out must name each class once, but got {list(held_out)}")
    elif n_classes - len(held_out) < 2:
        problems.append(f"held_out must leave two classes or more of {n_classes}, but got {list(held_out)}")
    return problems


def _check_filled(part: str, wanted: NDArray[np.int64], counts: NDArray[np.int64], option: str) -> None:
    empty = [label for label in np.flatnonzero(counts).tolist() if wanted[label] == 0]
    if empty:
        raise DataError(f"{option} leaves no {part} sample of class {', '.join(map(str, empty))}")
