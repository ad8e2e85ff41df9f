"""Which of the named data sets are here, whole, and how to get the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from trainables.data.checksums import verify
from trainables.data.errors import DataError
from trainables.data.registry import NAMED, find_source
from trainables.data.sources import RawFile


@dataclass(frozen=True)
class DataStatus:
    """One data set in one data folder.

    present: all files are there. verified: their sums were compared and agree (True), one differs or is missing
    (False), or nothing was or could be compared (None). files: those found. bytes: their size together.
    note: what is wrong or left to know, empty if nothing.
    """

    name: str
    present: bool
    verified: bool | None
    files: tuple[Path, ...]
    bytes: int
    note: str


def inventory(data_dir: Path) -> list[DataStatus]:
    """All named data sets by their files' presence alone: fast, nothing is read or verified."""
    return [_status(name, data_dir) for name in NAMED]


def check(name: str, data_dir: Path) -> DataStatus:
    """Read every byte of the named data set's files and compare with the published checksums."""
    status = _status(name, data_dir)
    source = find_source(name, data_dir=data_dir)
    try:
        unpublished = verify(source.files()).unpublished
        if not source.files():
            source.read()  # embedded data hold their own sum
    except DataError as error:
        return DataStatus(name, status.present, False, status.files, status.bytes, str(error))
    note = f"no published checksum to compare {', '.join(unpublished)} with" if unpublished else ""
    return DataStatus(name, True, None if unpublished else True, status.files, status.bytes, note)


def fetch(name: str, data_dir: Path) -> DataStatus:
    """Download the named data set by torchvision, which compares the archives' sums, then check it.

    A set that is here and whole is left alone; damaged files are replaced, and come back if the download fails.
    Raises DataError when the name is not one of torchvision's, or the download fails: no network, no room, a folder
    that may not be written, or files that differ from their published sums even so.
    """
    if name not in NAMED or name == "digits":
        choices = ", ".join(choice for choice in NAMED if choice != "digits")
        reason = "comes with scikit-learn" if name == "digits" else "cannot be fetched"
        raise DataError(f"{name} {reason}; what can be fetched: {choices}")
    status = check(name, data_dir)
    if status.present and status.verified is not False:
        return status
    from torchvision import datasets

    try:
        with _damaged_set_aside(find_source(name, data_dir=data_dir).files()):
            getattr(datasets, name)(root=data_dir, download=True)
    except (OSError, RuntimeError, EOFError, ValueError, HTTPException) as error:
        raise DataError(
            f"{name} could not be fetched into {data_dir}: {error}\nOn a machine with a network run "
            f"`tuner data fetch {name}` there and copy the folder, or see torchvision.datasets.{name} for the address.",
            path=data_dir,
        ) from error
    status = check(name, data_dir)
    if status.verified is False:
        raise DataError(f"{name} was fetched into {data_dir}, but:\n{status.note}", path=data_dir)
    return status


@contextmanager
def _damaged_set_aside(files: Sequence[RawFile]) -> Iterator[None]:
    """Rename files with a wrong sum: torchvision takes an IDX file that exists for a good one."""
    aside: list[tuple[Path, Path]] = []
    try:
        for file in files:
            if file.path.is_file() and not _is_whole(file):
                aside.append((file.path, file.path.with_name(f"{file.name}.damaged")))
                file.path.rename(aside[-1][1])
        yield
    finally:
        for path, renamed in aside:
            if path.exists():
                renamed.unlink(missing_ok=True)
            elif renamed.exists():
                renamed.rename(path)


def _is_whole(file: RawFile) -> bool:
    try:
        verify([file])
    except DataError:
        return False
    return True


def _status(name: str, data_dir: Path) -> DataStatus:
    files = find_source(name, data_dir=data_dir).files()
    found = tuple(file.path for file in files if file.path.is_file())
    size = sum(path.stat().st_size for path in found)
    if not files:
        return DataStatus(name, True, None, (), 0, "comes with scikit-learn")
    if len(found) == len(files):
        return DataStatus(name, True, None, found, size, "")
    absent = [str(file.path) for file in files if not file.path.is_file()]
    return DataStatus(name, False, None, found, size, f"missing: {', '.join(absent)}. {files[0].remedy}")
