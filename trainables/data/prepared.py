"""Data sets, decoded, resized and cropped once per machine and mapped into memory by everyone."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainables.data.cache import FORMAT, ensure
from trainables.data.checksums import verify
from trainables.data.errors import DataError as DataError
from trainables.data.normalisation import constants
from trainables.data.registry import find_source
from trainables.data.sources import Source
from trainables.data.transform import Transform

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Split:
    """images: uint8 [N, C, H, W], mapped read-only, one copy in memory per machine. labels: int64 [N]."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class DataSet:
    """A prepared data set.

    mean, std: per channel on the 0-255 pixel scale, for x = (pixel - mean) / std. fingerprint: sha256 of the raw
    content and the transform; two machines with the same fingerprint train on the same pixels.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fingerprint: str

    @property
    def n_classes(self) -> int:
        """Number of classes K; labels are 0..K-1."""
        return len(self.classes)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one prepared image."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width


def load(
    name: str,
    *,
    data_dir: Path,
    cache_dir: Path,
    resize: int | None = None,
    crop: int | None = None,
    normalisation: str = "auto",
) -> DataSet:
    """The data set `name`, prepared under `cache_dir` unless it is there already.

    name: digits, MNIST, FashionMNIST, KMNIST, CIFAR10, CIFAR100, `folder:PATH`, `npz:PATH` (relative paths start
    at `data_dir`), or `package.module:function` with the signature (data_dir: Path) -> Source.
    resize: new length of the smaller edge; crop: side of the central square; None keeps the size.
    normalisation: see `normalisation.constants`.
    Raises DataError when files are missing or damaged or an option does not fit.
    """
    source = find_source(name, data_dir=data_dir)
    return load_source(source, cache_dir=cache_dir, transform=Transform(resize, crop), normalisation=normalisation)


def load_source(source: Source, *, cache_dir: Path, transform: Transform, normalisation: str = "auto") -> DataSet:
    """As `load`, for a source that is at hand."""
    verified = verify(source.files(), memo_dir=cache_dir)
    if verified.unpublished and any(file.archive_md5 for file in source.files()):
        _warn_unverified(source.name, verified.unpublished)
    fingerprint = _fingerprint(source, verified.sums, transform)
    folder, meta = ensure(source, transform, cache_dir=cache_dir, fingerprint=fingerprint)
    mean, std = constants(source.name, normalisation, mean=meta.mean, std=meta.std)
    return DataSet(
        name=source.name,
        classes=meta.classes,
        train=_open(folder, "train"),
        test=_open(folder, "test"),
        mean=mean,
        std=std,
        fingerprint=fingerprint,
    )


def _fingerprint(source: Source, sums: Mapping[str, str], transform: Transform) -> str:
    parts = {
        "format": FORMAT,
        "identity": source.identity,
        "files": dict(sorted(sums.items())),
        "resize": transform.resize,
        "crop": transform.crop,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@lru_cache
def _warn_unverified(name: str, files: tuple[str, ...]) -> None:
    _log.warning("%s: no checksum is published for %s, only for the .gz, which is absent", name, ", ".join(files))


@lru_cache(maxsize=4)  # the splits of two data sets: a process's trials share one mapping, and one copy on a GPU
def _open(folder: Path, split: str) -> Split:
    return Split(
        images=np.load(folder / f"{split}_images.npy", mmap_mode="r", allow_pickle=False),
        labels=np.load(folder / f"{split}_labels.npy", mmap_mode="r", allow_pickle=False),
    )
