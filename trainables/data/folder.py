"""A data set of one's own as a folder of pictures, one sub-folder per class."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trainables.data.errors import DataError
from trainables.data.sources import RawData, RawFile, RawSplit
from trainables.data.stratified import draw, shares

if TYPE_CHECKING:
    from PIL.Image import Image

EXTENSIONS = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
TEST_FRACTION = 0.2
SPLIT_SEED = 0
_GREY_MODES = {"1", "L"}


@dataclass(frozen=True)
class FolderSource:
    """`root/train/<class>/*.png` and `root/test/<class>/*.png`, or only `root/<class>/*.png`.

    Without train and test, a stratified fifth chosen by seed 0 is the test split. Classes are the folders' names,
    sorted. Pictures are grey if all of them are, else RGB; transparency is
    dropped. Hidden files are left out; anything else that is not a
    picture, a deeper folder, or a link that leaves `root`, is an error.
    """

    name: str
    root: Path

    @property
    def identity(self) -> str:
        """The rule of the split."""
        return f"folder test {TEST_FRACTION} seed {SPLIT_SEED}"

    def files(self) -> Sequence[RawFile]:
        """All pictures, by their path below the root."""
        return [RawFile(path, path.relative_to(self.root).as_posix()) for path in self._paths]

    @cached_property
    def _paths(self) -> list[Path]:
        if not self.root.is_dir():
            raise DataError(f"{self.root}: no such folder", path=self.root)
        real_root = self.root.resolve()
        splits = [self.root / split for split in ("train", "test")]
        if any(split.is_dir() for split in splits):
            _refuse((path, "stands beside train and test") for path in _visible(self.root) if path not in splits)
            found = [path for split in splits for path in _pictures(split, real_root)]
        else:
            found = _pictures(self.root, real_root)
        if not found:
            raise DataError(f"{self.root}: holds no pictures ({', '.join(EXTENSIONS)})", path=self.root)
        return found

    def read(self) -> RawData:
        """Decode the pictures one by one. Raises DataError naming the first that is broken."""
        labelled = [(path, path.parent.name) for path in self._paths]
        classes = tuple(sorted({label for _, label in labelled}))
        labels = np.array([classes.index(label) for _, label in labelled], dtype=np.int64)
        modes = [_mode(path) for path, _ in labelled]
        _refuse(
            (path, f"has pixels of mode {mode}, not of 8 bits")
            for path, mode in zip(self._paths, modes, strict=True)
            if mode.startswith(("I", "F"))
        )
        is_grey = _GREY_MODES.issuperset(modes)
        test, train = self._positions(labels, classes)

        def split(positions: NDArray[np.int64]) -> RawSplit:
            paths = [labelled[position][0] for position in positions]

            def chunks() -> Iterator[NDArray[np.uint8]]:
                for path in paths:
                    yield _decode(path, "L" if is_grey else "RGB")

            return RawSplit(labels[positions], chunks, lambda index: str(paths[index]))

        return RawData(classes, split(train), split(test))

    def _positions(
        self, labels: NDArray[np.int64], classes: Sequence[str]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the test and of the training pictures."""
        if self._paths[0].parent.parent == self.root:
            counts = np.bincount(labels)
            wanted = shares(counts, round(TEST_FRACTION * len(labels)))
            small = [name for name, few in zip(classes, (wanted == 0) | (wanted == counts), strict=True) if few]
            if small:
                raise self._error(f"too few pictures for a test split of {TEST_FRACTION:.0%} in {', '.join(small)}")
            return draw(labels, wanted, seed=SPLIT_SEED)
        is_test = np.array([path.parent.parent.name == "test" for path in self._paths])
        for split, chosen in (("train", ~is_test), ("test", is_test)):
            lacking = sorted(set(range(len(classes))) - set(labels[chosen].tolist()))
            if lacking:
                raise self._error(f"{split}/ lacks pictures of {', '.join(classes[k] for k in lacking)}")
        return np.flatnonzero(is_test), np.flatnonzero(~is_test)

    def _error(self, text: str) -> DataError:
        return DataError(f"{self.root}: {text}", path=self.root)


def _pictures(parent: Path, real_root: Path) -> list[Path]:
    """Pictures of all class folders in `parent`, sorted. Raises DataError listing the first things that are none."""
    found: list[Path] = []
    problems: list[tuple[Path, str]] = []
    for folder in _visible(parent):
        if not folder.is_dir():
            problems.append((folder, "is not a class folder"))
            continue
        members = _visible(folder)
        if not members:
            problems.append((folder, "is a class folder without pictures"))
        for path in members:
            if not path.resolve().is_relative_to(real_root):
                problems.append((path, f"links to {path.resolve()}, outside {real_root}"))
            elif not path.is_file() or path.suffix.lower() not in EXTENSIONS:
                problems.append((path, f"is not a picture ({', '.join(EXTENSIONS)})"))
            else:
                found.append(path)
    _refuse(problems)
    return found


def _refuse(problems: Iterable[tuple[Path, str]]) -> None:
    """Raise DataError with the first ten, if there is any."""
    problems = list(problems)
    if problems:
        shown = "\n".join(f"{path}: {text}" for path, text in problems[:10])
        more = f"\n... and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise DataError(shown + more, path=problems[0][0])


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _mode(path: Path) -> str:
    with _opened(path) as image:
        return str(image.mode)


def _decode(path: Path, mode: str) -> NDArray[np.uint8]:
    """uint8 [1, C, H, W]."""
    with _opened(path) as image:
        # A palette with transparency converts to RGB with a warning, to RGBA without.
        whole = image.convert("RGBA") if image.mode == "P" else image
        pixels = np.asarray(whole.convert(mode))
    return pixels[None, None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)[None]


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    from PIL import Image, UnidentifiedImageError

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                yield image
    except UnidentifiedImageError as error:
        raise _broken(path, "of no known format") from error
    except (OSError, ValueError, SyntaxError, *bombs) as error:
        raise _broken(path, str(error)) from error


def _broken(path: Path, reason: str) -> DataError:
    return DataError(f"{path}: truncated, corrupt or no picture: {reason}. Replace it or take it away.", path=path)


def folder(path: Path, *, name: str) -> FolderSource:
    """Pictures below PATH, one folder a class, in train/ and test/ or without a split."""
    return FolderSource(name, path)
