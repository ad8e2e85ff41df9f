"""MNIST, Fashion-MNIST and KMNIST: IDX files as torchvision lays them out under `<root>/<name>/raw`."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainables.data.errors import DataError
from trainables.data.sources import RawData, RawFile, RawSplit, in_memory

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

# md5 of the decompressed files, in the order of FILES.
MNIST_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)
FASHION_MNIST_MD5 = (
    "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "9018921c3c673c538a1fc5bad174d6f9",
    "8181f5470baa50b63fa0f6fddb340f0a",
    "15d484375f8d13e6eb1aabb0c3f46965",
)
# Of KMNIST only the .gz files' sums are published (torchvision holds these).
KMNIST_GZ_MD5 = (
    "bdb82020997e1d708af4cf47b453dcf7",
    "e144d726b3acfaa3e44228e80efcd344",
    "5c965bf0a639b31b8f53240b1b52f4d7",
    "7320c461ea6c1c855c0b718fb2a4b134",
)


@dataclass(frozen=True)
class IdxSource:
    """A data set of four IDX files in `folder`, 8-bit grey images of one size and labels 0..K-1.

    name: also that of torchvision's class, which knows the class names. md5, archive_md5: by file name.
    """

    name: str
    folder: Path
    md5: Mapping[str, str]
    archive_md5: Mapping[str, str]

    @property
    def identity(self) -> str:
        """The format: everything else is in the files."""
        return f"idx {self.name}"

    def files(self) -> Sequence[RawFile]:
        """The four files with their published sums."""
        remedy = (
            f"Get it with `tuner data fetch {self.name}`, or put it there by hand (torchvision.datasets.{self.name})."
        )
        return [
            RawFile(self.folder / name, name, self.md5.get(name), self.archive_md5.get(name), remedy) for name in FILES
        ]

    def read(self) -> RawData:
        """Decode by torchvision's readers. Raises DataError where a file's header and its length disagree."""
        from torchvision import datasets

        classes = tuple(getattr(datasets, self.name).classes)
        return RawData(classes, self._split("train", len(classes)), self._split("t10k", len(classes)))

    def _split(self, prefix: str, n_classes: int) -> RawSplit:
        from torchvision.datasets.mnist import read_image_file, read_label_file

        images_path, labels_path = (
            self.folder / f"{prefix}-images-idx3-ubyte",
            self.folder / f"{prefix}-labels-idx1-ubyte",
        )
        n_images, n_labels = _rows(images_path, dimensions=3), _rows(labels_path, dimensions=1)
        if n_images != n_labels:
            raise DataError(f"{images_path}: {n_images} images for {n_labels} labels", path=images_path)
        # Not torchvision's data set class: it prefers an old `processed/*.pt`, which no sum covers.
        images: NDArray[np.uint8] = read_image_file(str(images_path)).numpy()[:, None]
        labels: NDArray[np.int64] = read_label_file(str(labels_path)).numpy()
        if labels.max() >= n_classes:
            raise DataError(f"{labels_path}: label {labels.max()} of {n_classes} classes", path=labels_path)
        return in_memory(images, labels, str(images_path))


def _rows(path: Path, *, dimensions: int) -> int:
    """Number of items, after checking that an IDX file of bytes is as long as its header says."""
    header_bytes = 4 * (1 + dimensions)
    with path.open("rb") as stream:
        header = stream.read(header_bytes)
    if len(header) < header_bytes or header[:4] != bytes([0, 0, 8, dimensions]):
        raise DataError(f"{path}: not an IDX file of bytes in {dimensions} dimensions", path=path)
    sizes = struct.unpack(f">{dimensions}I", header[4:])
    expected, found = header_bytes + math.prod(sizes), path.stat().st_size
    if expected != found or 0 in sizes:
        text = f"{path}: truncated or corrupt: its header {sizes} stands for {expected:,} bytes, found {found:,}"
        raise DataError(text, path=path)
    return int(sizes[0])


def mnist(data_dir: Path) -> IdxSource:
    """MNIST: 60,000 + 10,000 digits of 28 x 28."""
    return IdxSource("MNIST", data_dir / "MNIST" / "raw", dict(zip(FILES, MNIST_MD5, strict=True)), {})


def fashion_mnist(data_dir: Path) -> IdxSource:
    """Fashion-MNIST: 60,000 + 10,000 articles of 28 x 28."""
    md5 = dict(zip(FILES, FASHION_MNIST_MD5, strict=True))
    return IdxSource("FashionMNIST", data_dir / "FashionMNIST" / "raw", md5, {})


def kmnist(data_dir: Path) -> IdxSource:
    """KMNIST: 60,000 + 10,000 cursive characters of 28 x 28, verified through the `.gz` files beside them."""
    archive_md5 = dict(zip(FILES, KMNIST_GZ_MD5, strict=True))
    return IdxSource("KMNIST", data_dir / "KMNIST" / "raw", {}, archive_md5)
