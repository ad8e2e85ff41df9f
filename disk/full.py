"""A disk without room, as a person is told about it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CODES = (errno.ENOSPC, errno.EDQUOT)
_UNITS = ("B", "kB", "MB", "GB", "TB")


class DiskFullError(OSError):
    """There is no room for a file; what stood at its path before still does.

    path: the file. needed: the bytes it takes, None if that could not be told. free: those that its disk had left.
    """

    def __init__(self, path: Path, needed: int | None, free: int | None) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        self.path, self.needed, self.free = path, needed, free

    def __reduce__(self) -> tuple[Any, ...]:
        return (DiskFullError, (self.path, self.needed, self.free))

    def __str__(self) -> str:
        needed = "more room" if self.needed is None else readable_bytes(self.needed)
        free = "" if self.free is None else f", {readable_bytes(self.free)} free"
        return f"the disk is full: {self.path} needs {needed}{free}. What was there before is kept; make room"


@contextmanager
def telling(path: Path, needed: int | None) -> Iterator[None]:
    """Turn an error that means "no room" inside the block into a DiskFullError for `path`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, DiskFullError) or not means_full(error):
            raise
        raise DiskFullError(path, needed, free_bytes(path)) from error


def means_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that a disk or a quota is used up.

    Libraries wrap it: torch's writer in a RuntimeError, SQLAlchemy around SQLite's "database or disk is full".
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _CODES:
            return True
        if "database or disk is full" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def free_bytes(path: Path) -> int | None:
    """The room left where `path` lies or would lie; None if that cannot be told."""
    for folder in (path, *path.parents):
        if folder.exists():
            try:
                return shutil.disk_usage(folder).free
            except OSError:
                return None
    return None


def readable_bytes(count: int) -> str:
    """Bytes in the unit that a person would choose: "1.4 GB"."""
    size, unit = float(count), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 or size >= 100 else f"{size:.1f} {_UNITS[unit]}"
