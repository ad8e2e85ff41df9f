"""What the preparation needs of a data set: its raw files, and its images as chunks of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 2**20  # resizing works in float64 and enlarges, so a chunk costs some forty times this


@dataclass(frozen=True)
class RawFile:
    """One file that must be present.

    name: its name inside the data set, with forward slashes; enters the fingerprint in place of the path.
    md5: its published checksum. archive_md5: that of the published `<path>.gz`, where only this is published.
    remedy: how to get the file, one sentence.
    """

    path: Path
    name: str
    md5: str | None = None
    archive_md5: str | None = None
    remedy: str = ""

    @property
    def archive(self) -> Path:
        """Where torchvision leaves the compressed download."""
        return self.path.with_name(self.path.name + ".gz")


@dataclass(frozen=True)
class RawSplit:
    """Decoded images of one split.

    labels: int64 [N], 0..K-1. chunks: yields uint8 [n, C, H, W], N rows in all; one chunk has one size.
    origin: the file that image `i` came from, for messages.
    """

    labels: NDArray[np.int64]
    chunks: Callable[[], Iterator[NDArray[np.uint8]]]
    origin: Callable[[int], str]


@dataclass(frozen=True)
class RawData:
    """A data set as its files hold it."""

    classes: tuple[str, ...]
    train: RawSplit
    test: RawSplit


class Source(Protocol):
    """A data set that can be prepared. A user's own is a function `(data_dir: Path) -> Source`.

    name: as a study writes it. identity: whatever else decides the content (a seed of a split, a reader's
    version); together with the files' sums and the transform it is the key of the prepared copy.
    """

    @property
    def name(self) -> str:
        """The data set's name in a study."""
        ...

    @property
    def identity(self) -> str:
        """What decides the content beside the files."""
        ...

    def files(self) -> Sequence[RawFile]:
        """The raw files, which need not exist. Raises DataError when they cannot even be listed."""
        ...

    def read(self) -> RawData:
        """Decode the files, whose checksums have been verified. Raises DataError naming the file."""
        ...


def in_memory(images: NDArray[np.uint8], labels: NDArray[np.int64], origin: str) -> RawSplit:
    """A split whose images [N, C, H, W] are in memory already, cut into chunks of bounded size."""
    rows = max(1, CHUNK_BYTES // max(1, images[:1].nbytes))

    def chunks() -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(images), rows):
            yield images[start : start + rows]

    return RawSplit(labels=labels, chunks=chunks, origin=lambda index: f"image {index} of {origin}")
