"""A data set of one's own in one `.npz` file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainables.data.errors import DataError
from trainables.data.sources import RawData, RawFile, RawSplit, in_memory

_SPLITS = ("train", "test")


@dataclass(frozen=True)
class NpzSource:
    """`x_train`, `y_train`, `x_test`, `y_test`, optionally `classes`; nothing in it is unpickled.

    x: uint8 [N, H, W] (grey) or [N, H, W, C]. y: whole numbers [N], 0..K-1, each class in the training split.
    classes: K names; "0", "1", ... without.
    """

    name: str
    path: Path

    @property
    def identity(self) -> str:
        """The format: everything else is in the file."""
        return "npz"

    def files(self) -> Sequence[RawFile]:
        """The one file; its sum is nobody's but its own."""
        remedy = "Write it with numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)."
        return [RawFile(self.path, "data.npz", remedy=remedy)]

    def read(self) -> RawData:
        """Read and check the arrays. Raises DataError naming the file and all that is wrong."""
        arrays = self._arrays()
        missing = [f"{letter}_{split}" for split in _SPLITS for letter in "xy" if f"{letter}_{split}" not in arrays]
        if missing:
            raise self._error(f"lacks {', '.join(missing)}; it holds {', '.join(arrays) or 'nothing'}")
        problems = [text for split in _SPLITS for text in _problems(split, arrays)]
        if problems:
            raise self._error("; ".join(problems))
        n_classes = int(arrays["y_train"].max()) + 1
        absent = sorted(set(range(n_classes)) - set(arrays["y_train"].tolist()))
        if absent:
            raise self._error(f"y_train must hold every class 0..{n_classes - 1}, but lacks {absent}")
        if arrays["y_test"].max() >= n_classes:
            raise self._error(f"y_test holds class {arrays['y_test'].max()}, y_train only 0..{n_classes - 1}")
        classes = tuple(str(name) for name in arrays.get("classes", np.arange(n_classes)))
        if len(classes) != n_classes:
            raise self._error(f"classes must be {n_classes} names, but got {len(classes)}")
        return RawData(classes, self._split("train", arrays), self._split("test", arrays))

    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        try:
            # Opened here: numpy leaves its own handle open where the file is no archive.
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise self._error(f"truncated, corrupt or not an .npz of plain arrays: {error}") from error

    def _split(self, split: str, arrays: dict[str, NDArray[np.generic]]) -> RawSplit:
        images = arrays[f"x_{split}"].astype(np.uint8, copy=False)
        images = images[:, None] if images.ndim == 3 else np.moveaxis(images, -1, 1)
        return in_memory(images, arrays[f"y_{split}"].astype(np.int64), f"x_{split} in {self.path}")

    def _error(self, text: str) -> DataError:
        return DataError(f"{self.path}: {text}", path=self.path)


def _problems(split: str, arrays: dict[str, NDArray[np.generic]]) -> list[str]:
    images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    problems = []
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or 0 in images.shape:
        problems.append(f"x_{split} must be uint8 [N, H, W] or [N, H, W, C], but is {images.dtype} {images.shape}")
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != images.shape[:1]:
        problems.append(f"y_{split} must be {len(images)} whole numbers, but is {labels.dtype} {labels.shape}")
    elif labels.size and labels.min() < 0:
        problems.append(f"y_{split} must not be negative, but holds {labels.min()}")
    return problems


def npz(path: Path, *, name: str) -> NpzSource:
    """One file of arrays: x_train, y_train, x_test, y_test."""
    return NpzSource(name, path)
