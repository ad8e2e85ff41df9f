"""The prepared copies on disk: built in a temporary folder, under a lock, and put in place in one step."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from disk import reserve, write_json
from trainables.data.errors import DataError
from trainables.data.sources import RawSplit, Source
from trainables.data.transform import Transform

FORMAT = 1  # raise it when the same raw files would give other arrays


@dataclass(frozen=True)
class Meta:
    """What is known of a prepared copy beside its arrays. mean, std: the training images', per channel, 0-255."""

    name: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fingerprint: str
    bytes: dict[str, int]


def ensure(source: Source, transform: Transform, *, cache_dir: Path, fingerprint: str) -> tuple[Path, Meta]:
    """The folder `<name>-<first 12 digits of fingerprint>` with its Meta, prepared now if it is not there.

    Of several processes that ask at once, one prepares and the others wait. The folder appears complete or not at
    all; one that has been damaged since is prepared anew. Raises DataError when the data or the disk do not allow it.
    """
    folder = cache_dir / f"{_slug(source.name)}-{fingerprint[:12]}"
    meta = _complete(folder, fingerprint)
    if meta is not None:
        return folder, meta
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f".{folder.name}.lock"):
            meta = _complete(folder, fingerprint)
            if meta is None:
                meta = _prepare(source, transform, folder=folder, fingerprint=fingerprint)
    except OSError as error:
        raise DataError(f"{folder}: {source.name} cannot be prepared here: {error}", path=folder) from error
    return folder, meta


def _slug(name: str) -> str:
    """A legal file name: the last part of `folder:/a/b` or `npz:/a/b.npz`, other letters replaced."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name.rstrip("/").rsplit("/", 1)[-1]).strip("._-")[:60] or "data"


def _complete(folder: Path, fingerprint: str) -> Meta | None:
    """The folder's Meta, or None when it is absent, damaged, or another's."""
    try:
        stored = json.loads((folder / "meta.json").read_text())
        tuples = {key: tuple(stored[key]) for key in ("classes", "mean", "std")}
        meta = Meta(**{**stored, **tuples})
        whole = all((folder / name).stat().st_size == size for name, size in meta.bytes.items())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return meta if whole and meta.fingerprint == fingerprint else None


def _prepare(source: Source, transform: Transform, *, folder: Path, fingerprint: str) -> Meta:
    with _replacing(folder) as temporary:
        raw = source.read()
        mean, std = _write_split(temporary, "train", raw.train, transform)
        _write_split(temporary, "test", raw.test, transform)
        _check_shapes(source.name, temporary)
        sizes = {path.name: path.stat().st_size for path in sorted(temporary.glob("*.npy"))}
        meta = Meta(source.name, raw.classes, mean, std, fingerprint, sizes)
        write_json(temporary / "meta.json", asdict(meta))
    return meta


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A new temporary folder that takes the place of `folder` if the block ends well. The lock must be held."""
    prefix = f".{folder.name}.tmp-"
    for leftover in folder.parent.glob(f"{prefix}*"):  # of a process that was killed: the lock is ours
        shutil.rmtree(leftover)
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        for path in temporary.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        if folder.exists():  # damaged; whoever has mapped it keeps its pages
            folder.rename(Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent)) / "old")
        temporary.replace(folder)
    finally:
        for leftover in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(leftover, ignore_errors=True)


def _write_split(
    folder: Path, name: str, split: RawSplit, transform: Transform
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Write the split's arrays; returns mean and standard deviation per channel."""
    images: np.memmap[Any, Any] | None = None
    row = 0
    totals = _Totals()
    for raw_chunk in split.chunks():
        try:
            chunk = transform(raw_chunk)
        except DataError as error:
            raise DataError(f"{split.origin(row)}: {error}") from None
        if images is None:
            shape = (len(split.labels), *chunk.shape[1:])
            images = _mapped(folder / f"{name}_images.npy", np.uint8, shape)
        if chunk.shape[1:] != images.shape[1:]:
            found, first = "x".join(map(str, chunk.shape[1:])), "x".join(map(str, images.shape[1:]))
            raise DataError(
                f"{split.origin(row)}: {found} (channels x height x width) after the transform, the split's first "
                f"image {first}: set resize and crop so that all agree"
            )
        images[row : row + len(chunk)] = chunk
        totals.add(chunk)
        row += len(chunk)
    if images is None or row != len(split.labels):
        raise DataError(f"{split.origin(0)}: {row} images for {len(split.labels)} labels in the {name} split")
    images.flush()
    labels = _mapped(folder / f"{name}_labels.npy", np.int64, split.labels.shape)
    labels[:] = split.labels
    labels.flush()
    return totals.mean_std()


def _mapped(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """A new .npy file to be written through memory, with room reserved for all of it."""
    array: np.memmap[Any, Any] = np.lib.format.open_memmap(path, "w+", dtype, shape)
    reserve(path, path.stat().st_size)
    return array


class _Totals:
    """Exact integer sums of pixels and of their squares, per channel."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: NDArray[np.int64] | None = None
        self._squares: NDArray[np.int64] | None = None

    def add(self, chunk: NDArray[np.uint8]) -> None:
        """Count uint8 [n, C, H, W] in."""
        levels = np.arange(256, dtype=np.int64)
        counts = np.stack([np.bincount(chunk[:, c].ravel(), minlength=256) for c in range(chunk.shape[1])])
        total, squares = counts @ levels, counts @ levels**2
        self._count += chunk[:, 0].size
        self._sum = total if self._sum is None else self._sum + total
        self._squares = squares if self._squares is None else self._squares + squares

    def mean_std(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and population standard deviation per channel."""
        if self._sum is None or self._squares is None:
            return (), ()
        mean = self._sum / self._count
        variance = np.maximum(self._squares / self._count - mean**2, 0.0)
        return tuple(mean.tolist()), tuple(np.sqrt(variance).tolist())


def _check_shapes(name: str, folder: Path) -> None:
    train, test = (np.load(folder / f"{split}_images.npy", mmap_mode="r").shape[1:] for split in ("train", "test"))
    if train != test:
        raise DataError(f"{name}: training images are {train}, test images {test} (channels, height, width)")
