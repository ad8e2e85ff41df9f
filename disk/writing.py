"""Files that appear whole or not at all, and lines that are appended whole or not at all."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from typing_extensions import Buffer, override

from disk.full import DiskFullError, free_bytes, means_full, telling

PARTIAL = ".partial"  # files of this ending were being written when a process died: anyone's to remove

# What a file system says that cannot reserve room: it will say so when it is written.
_CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def write_whole(
    path: Path, write: Callable[[BinaryIO], object], *, flushed: bool = True, over: Path | None = None
) -> None:
    """Let `write` fill a file beside `path`, then put it there: a reader sees the old file or the new one.

    flushed: wait until it is on the disk, so that a power cut leaves one of the two; without that a power cut may
    leave a torn one. over: a file on the same disk that nobody needs any more, which is written over and so is gone:
    a megabyte in room that the disk has given out already takes a twentieth of the time. It may be gone before.
    Raises DiskFullError, with the bytes needed, if there is no room; `write` is then called a second time, to count
    them. Whatever goes wrong, the file that was there stays as it is.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        if over is not None:
            with suppress(FileNotFoundError):
                over.replace(partial)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o666), "wb") as file:
            write(file)
            file.truncate()
            file.flush()
            if flushed:
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException as error:
        partial.unlink(missing_ok=True)  # its room is free again
        if isinstance(error, DiskFullError) or not means_full(error):
            raise
        raise DiskFullError(path, _size(write), free_bytes(path)) from error


def write_json(path: Path, value: Mapping[str, Any] | list[Any], *, flushed: bool = True) -> None:
    """Write a small JSON file whole; what JSON does not know is written as text."""
    text = json.dumps(value, indent=1, default=str)
    write_whole(path, lambda file: file.write(text.encode()), flushed=flushed)


def append_line(descriptor: int, path: Path, line: bytes) -> None:
    """Append a line to an open file; on failure the file is as it was before. No kill can lose it, a power cut can.

    Raises DiskFullError if there is no room. `os.write` alone would leave the part that fitted.
    """
    before = os.fstat(descriptor).st_size
    try:
        with telling(path, len(line)):
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
    except OSError:
        os.ftruncate(descriptor, before)
        raise


def flush(descriptor: int, path: Path) -> None:
    """Wait until all that was written to an open file is on the disk. Raises DiskFullError if there is no room."""
    with telling(path, 0):
        os.fsync(descriptor)


def reserve(path: Path, count: int) -> None:
    """Create `path`, or grow it, with room for `count` bytes. Raises DiskFullError if there is none.

    A mapped file must be reserved: writing to a page that the disk has no room for kills the process (SIGBUS).
    """
    with telling(path, count), path.open("ab") as file:
        if not hasattr(os, "posix_fallocate"):
            file.truncate(count)
            return
        try:
            os.posix_fallocate(file.fileno(), 0, count)
        except OSError as error:
            if error.errno not in _CANNOT_RESERVE:
                raise
            file.truncate(count)


def size_of(write: Callable[[BinaryIO], object]) -> int:
    """How many bytes `write` writes; nothing is kept."""
    counter = _Counter()
    write(counter)  # type: ignore[arg-type]
    return counter.count


def _size(write: Callable[[BinaryIO], object]) -> int | None:
    try:
        return size_of(write)
    except Exception:  # noqa: BLE001  (the disk is full: that is what is told, not why it cannot be counted)
        return None


class _Counter(io.RawIOBase):
    """Counts what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Buffer, /) -> int:
        size = memoryview(data).nbytes
        self.count += size
        return size
