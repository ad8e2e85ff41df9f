"""scikit-learn's handwritten digits: 1,797 images of 8 x 8, nothing to download."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainables.data.errors import DataError
from trainables.data.sources import RawData, RawFile, in_memory
from trainables.data.stratified import draw, shares

# sha256 of the 1,797 x 64 values as uint8, then the labels as uint8: the key needs no import of scikit-learn.
CONTENT_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
N_TEST = 360
SPLIT_SEED = 0


@dataclass(frozen=True)
class Digits:
    """Values 0..16 scaled to 0..255, rounded to nearest; a stratified split of 1,437 to 360 by seed 0."""

    name: str = "digits"

    @property
    def identity(self) -> str:
        """The embedded content's sum and the split."""
        return f"digits {CONTENT_SHA256} test {N_TEST} seed {SPLIT_SEED}"

    def files(self) -> Sequence[RawFile]:
        """None: the images come inside scikit-learn."""
        return ()

    def read(self) -> RawData:
        """Decode and split. Raises DataError if the installed scikit-learn carries other images."""
        from sklearn.datasets import load_digits

        pixels, targets = load_digits(return_X_y=True)
        levels, labels = pixels.astype(np.uint8), targets.astype(np.int64)
        found = hashlib.sha256(levels.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest()
        if found != CONTENT_SHA256:
            raise DataError(f"scikit-learn's digits: expected sha256 {CONTENT_SHA256}, found {found}: reinstall it")
        images = np.rint(levels.reshape(-1, 1, 8, 8) * (255 / 16)).astype(np.uint8)
        test, train = draw(labels, shares(np.bincount(labels), N_TEST), seed=SPLIT_SEED)
        return RawData(
            classes=tuple(str(digit) for digit in range(10)),
            train=in_memory(images[train], labels[train], "digits (train)"),
            test=in_memory(images[test], labels[test], "digits (test)"),
        )


def digits(data_dir: Path) -> Digits:  # noqa: ARG001  (the signature of all sources)
    """scikit-learn's handwritten digits: 1,437 + 360 of 8 x 8, nothing to download."""
    return Digits()
