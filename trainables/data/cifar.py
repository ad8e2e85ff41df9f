"""CIFAR-10 and CIFAR-100: the published Python batches, in the folders that torchvision unpacks."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainables.data.errors import DataError
from trainables.data.sources import RawData, RawFile, RawSplit, in_memory

CIFAR10_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
CIFAR100_MD5 = {
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    "meta": "7973b15100ade9c7d40fb424638fde48",
}


@dataclass(frozen=True)
class CifarSource:
    """Pickled batches of 32 x 32 colour images in `folder`.

    md5: by file name; only files listed there are read, after their sum was compared. meta, train, test: which of
    them hold the class names and the splits. label_key, names_key: keys inside the pickles.
    """

    name: str
    folder: Path
    md5: Mapping[str, str]
    train: tuple[str, ...]
    test: tuple[str, ...]
    meta: str
    label_key: str
    names_key: str

    @property
    def identity(self) -> str:
        """The format and which labels are read."""
        return f"cifar {self.label_key}"

    def files(self) -> Sequence[RawFile]:
        """All batches and the class names, with their published sums."""
        remedy = f"Get it with `tuner data fetch {self.name}`, or unpack {self.name}'s Python version there by hand."
        return [RawFile(self.folder / name, name, md5, None, remedy) for name, md5 in self.md5.items()]

    def read(self) -> RawData:
        """Unpickle, building numpy arrays and plain values only. Raises DataError naming a file of another form."""
        names = _unpickle(self.folder / self.meta).get(self.names_key)
        if not names:
            path = self.folder / self.meta
            raise DataError(f"{path}: holds no {self.names_key!r}", path=path)
        classes = tuple(str(name) for name in names)
        return RawData(classes, self._split(self.train, len(classes)), self._split(self.test, len(classes)))

    def _split(self, names: Sequence[str], n_classes: int) -> RawSplit:
        images, labels = [], []
        for path in (self.folder / name for name in names):
            batch = _unpickle(path)
            data, targets = batch.get("data"), np.asarray(batch.get(self.label_key))
            if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape != (len(data), 3072):
                raise DataError(f"{path}: 'data' must be uint8 [N, 3072]", path=path)
            whole = targets.shape == (len(data),) and np.issubdtype(targets.dtype, np.integer)
            if not whole or targets.min() < 0 or targets.max() >= n_classes:
                text = f"{path}: {self.label_key!r} must be {len(data)} whole numbers in 0..{n_classes - 1}"
                raise DataError(text, path=path)
            images.append(data.reshape(-1, 3, 32, 32))
            labels.append(targets.astype(np.int64))
        return in_memory(np.concatenate(images), np.concatenate(labels), f"{self.folder} ({', '.join(names)})")


class _NumpyUnpickler(pickle.Unpickler):
    """Builds numpy arrays and plain values, nothing else: a pickle can name any function to call."""

    def find_class(self, module: str, name: str) -> Any:
        """Resolve the three names that an array needs, under numpy's old and new paths."""
        if name == "_reconstruct" and module in {"numpy.core.multiarray", "numpy._core.multiarray"}:
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        if module == "numpy" and name in {"ndarray", "dtype"}:
            return getattr(np, name)
        raise pickle.UnpicklingError(f"refused to load {module}.{name}")


def _unpickle(path: Path) -> dict[str, Any]:
    try:
        content = _NumpyUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except Exception as error:
        raise DataError(f"{path}: cannot be unpickled: {error}", path=path) from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: must hold a dictionary, but holds a {type(content).__name__}", path=path)
    return content


def cifar10(data_dir: Path) -> CifarSource:
    """CIFAR-10: 50,000 + 10,000 images of 3 x 32 x 32 in 10 classes."""
    return CifarSource(
        name="CIFAR10",
        folder=data_dir / "cifar-10-batches-py",
        md5=CIFAR10_MD5,
        train=tuple(f"data_batch_{number}" for number in range(1, 6)),
        test=("test_batch",),
        meta="batches.meta",
        label_key="labels",
        names_key="label_names",
    )


def cifar100(data_dir: Path) -> CifarSource:
    """CIFAR-100: 50,000 + 10,000 images of 3 x 32 x 32 in 100 fine classes."""
    return CifarSource(
        name="CIFAR100",
        folder=data_dir / "cifar-100-python",
        md5=CIFAR100_MD5,
        train=("train",),
        test=("test",),
        meta="meta",
        label_key="fine_labels",
        names_key="fine_label_names",
    )
