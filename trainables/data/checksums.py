"""Checksums of raw files: read once, remembered by (path, size, modification time)."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from disk import write_json
from trainables.data.errors import DataError
from trainables.data.sources import RawFile

_BLOCK_BYTES = 2**20
# A file changed within its file system's clock tick keeps size and time: only settled files are remembered.
_SETTLED_S = 3.0


@dataclass(frozen=True)
class FileSums:
    """Sums of one file. content_sha256: of the decompressed content for a `.gz`, else of the file itself."""

    bytes: int
    mtime_ns: int
    md5: str
    content_sha256: str


@dataclass(frozen=True)
class Verified:
    """sums: content sha256 by RawFile.name. unpublished: names for which no published sum could be compared."""

    sums: Mapping[str, str]
    unpublished: tuple[str, ...]


def verify(files: Sequence[RawFile], *, memo_dir: Path | None = None) -> Verified:
    """Compare every file with its published checksum and return the content sums.

    memo_dir: where to remember sums, so that unchanged files are not read again; None reads every byte.
    Raises DataError listing all files that are missing or differ.
    """
    problems: list[tuple[Path, str]] = []
    sums: dict[str, str] = {}
    unpublished: list[str] = []
    memo = _Memo(memo_dir, files)
    for file in files:
        if not file.path.is_file():
            problems.append((file.path, _missing(file)))
            continue
        found = memo.sums(file.path)
        sums[file.name] = found.content_sha256
        if file.md5 is not None:
            if found.md5 != file.md5:
                problems.append((file.path, _differs(file.path, "md5", file.md5, found.md5, file.remedy)))
        elif file.archive_md5 is not None and file.archive.is_file():
            problems += _against_archive(file, found, memo)
        else:
            unpublished.append(file.name)
    if problems:
        raise DataError("\n".join(text for _, text in problems), path=problems[0][0])
    memo.write()
    return Verified(sums, tuple(unpublished))


def _missing(file: RawFile) -> str:
    expected = f" (expected md5 {file.md5})" if file.md5 else ""
    expected = f" (expected md5 of its .gz {file.archive_md5})" if file.archive_md5 and not file.md5 else expected
    return f"{file.path}: no such file{expected}. {file.remedy}".rstrip()


def _differs(path: Path, kind: str, expected: str, found: str, remedy: str) -> str:
    size = path.stat().st_size
    return (
        f"{path}: truncated or corrupt: expected {kind} {expected}, found {found} ({size:,} bytes). {remedy}".rstrip()
    )


def _against_archive(file: RawFile, found: FileSums, memo: _Memo) -> list[tuple[Path, str]]:
    archive = memo.sums(file.archive)
    if archive.md5 != file.archive_md5:
        expected = str(file.archive_md5)
        return [(file.archive, _differs(file.archive, "md5", expected, archive.md5, file.remedy))]
    if archive.content_sha256 != found.content_sha256:
        kind = f"sha256 (that of {file.archive.name}'s content)"
        text = _differs(file.path, kind, archive.content_sha256, found.content_sha256, file.remedy)
        return [(file.path, text)]
    return []


class _Memo:
    """Sums of one data set's files, kept in one small JSON file."""

    def __init__(self, folder: Path | None, files: Sequence[RawFile]) -> None:
        self._path: Path | None = None
        self._known: dict[str, FileSums] = {}
        self._changed = False
        if folder is not None:
            name = hashlib.sha256("\0".join(str(file.path) for file in files).encode()).hexdigest()[:16]
            self._path = folder / f"sums-{name}.json"
            self._known = _read_memo(self._path)

    def sums(self, path: Path) -> FileSums:
        """The file's sums, read again only if it changed since they were remembered."""
        stat = path.stat()
        known = self._known.get(str(path))
        if known is not None and (known.bytes, known.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return known
        try:
            found = file_sums(path)
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error}", path=path) from error
        if time.time() - stat.st_mtime > _SETTLED_S:
            self._known[str(path)] = found
            self._changed = True
        return found

    def write(self) -> None:
        """Save what was learnt; a concurrent writer's version is as good."""
        if self._path is None or not self._changed:
            return
        with suppress(OSError):  # a read-only cache still serves; one that must be written says so itself
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._path, {path: asdict(sums) for path, sums in self._known.items()}, flushed=False)


def _read_memo(path: Path) -> dict[str, FileSums]:
    try:
        return {name: FileSums(**sums) for name, sums in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # absent or damaged: read the files again
        return {}


def file_sums(path: Path) -> FileSums:
    """Read the whole file. A damaged `.gz` gets an empty content sum, which equals none."""
    stat = path.stat()
    with path.open("rb") as stream:
        md5, sha256 = _digests(stream)
    if path.suffix == ".gz":
        try:
            with gzip.open(path, "rb") as stream:
                _, sha256 = _digests(stream)  # type: ignore[arg-type]
        except (OSError, EOFError, zlib.error):
            sha256 = ""
    return FileSums(stat.st_size, stat.st_mtime_ns, md5, sha256)


def _digests(stream: BinaryIO) -> tuple[str, str]:
    # The published sums are md5: good against damage. Nothing is unpickled that numpy alone does not build.
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    while block := stream.read(_BLOCK_BYTES):
        md5.update(block)
        sha256.update(block)
    return md5.hexdigest(), sha256.hexdigest()
