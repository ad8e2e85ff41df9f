"""The one function that puts files in place, under faults at each of its steps and on a disk that is really full."""

from __future__ import annotations

import errno
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import torch

from disk import DiskFullError, append_line, means_full, reserve, write_json, write_whole

SmallDisk = Callable[[int], Path]
BIG = 3_000_000
WRITERS: dict[str, Callable[[BinaryIO], object]] = {
    "bytes": lambda file: file.write(bytes(BIG)),
    "torch": lambda file: torch.save({"weights": torch.zeros(BIG // 4)}, file),
    "npz": lambda file: np.savez_compressed(file, noise=np.random.default_rng(0).bytes(BIG)),
}


def _no_room(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace"])
def test_the_old_file_stays_whatever_step_finds_no_room(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the file as it was, alone in its folder; the error names it and the 7 bytes that were to be written."""
    path = tmp_path / "state"
    write_whole(path, lambda file: file.write(b"old"))
    monkeypatch.setattr("disk.full.free_bytes", lambda _: 0)
    monkeypatch.setattr("disk.writing.free_bytes", lambda _: 0)
    match step:
        case "replace":
            monkeypatch.setattr(Path, step, _no_room)
        case "open" | "fsync":
            monkeypatch.setattr(f"disk.writing.os.{step}", _no_room)

    def write(file: BinaryIO) -> None:
        if step == "write" and not type(file).__name__.startswith("_"):
            _no_room()
        file.write(b"7 bytes")

    with pytest.raises(DiskFullError) as caught:
        write_whole(path, write)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert str(caught.value).startswith(f"the disk is full: {path} needs 7 B, 0 B free")


def test_an_error_that_is_not_the_disk_s_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_whole(path, lambda file: file.write(b"old"))
    with pytest.raises(TypeError):
        write_whole(path, lambda file: file.write("text"))  # type: ignore[arg-type]
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_keeps_the_old_file_and_the_same_call_succeeds_once_there_is_room(
    writer: str, small_disk: SmallDisk
) -> None:
    """Oracle: a file system of 4 MB of which 2 are taken; 3 MB do not fit until they are given back."""
    folder = small_disk(4_000_000)
    ballast, path = folder / "ballast", folder / "state"
    ballast.write_bytes(bytes(2_000_000))
    write_json(path, {"epoch": 1})
    before = path.read_bytes()
    with pytest.raises(DiskFullError) as caught:
        write_whole(path, WRITERS[writer])
    assert path.read_bytes() == before
    assert caught.value.path == path
    assert BIG <= (caught.value.needed or 0) < BIG + 2_000
    assert 1_500_000 < (caught.value.free or 0) < 2_000_000
    assert sorted(folder.iterdir()) == [ballast, path]
    ballast.unlink()
    write_whole(path, WRITERS[writer])
    assert path.stat().st_size >= BIG


def test_a_line_that_does_not_fit_leaves_none_of_itself(small_disk: SmallDisk) -> None:
    """Oracle: the file before. `os.write` puts down what fits and only then complains."""
    path = small_disk(1_000_000) / "ledger"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    append_line(descriptor, path, b"first\n")
    with pytest.raises(DiskFullError, match=r"ledger needs 2\.0 MB"):
        append_line(descriptor, path, bytes(2_000_000))
    assert path.read_bytes() == b"first\n"
    append_line(descriptor, path, b"second\n")
    os.close(descriptor)
    assert path.read_bytes() == b"first\nsecond\n"


def test_room_for_a_mapped_file_is_asked_for_before_it_is_mapped(small_disk: SmallDisk) -> None:
    """Without it the process would die of SIGBUS at the first page that finds no room."""
    folder = small_disk(1_000_000)
    with pytest.raises(DiskFullError, match=r"images needs 2\.0 MB"):
        reserve(folder / "images", 2_000_000)
    (folder / "images").unlink()
    reserve(folder / "images", 500_000)
    assert (folder / "images").stat().st_size == 500_000


def test_the_error_travels_between_processes() -> None:
    """Ray pickles what a task raised."""
    error = pickle.loads(pickle.dumps(DiskFullError(Path("/a/b"), 1_500, None)))  # noqa: S301  (our own bytes)
    assert str(error) == "the disk is full: /a/b needs 1.5 kB. What was there before is kept; make room"
    assert error.errno == errno.ENOSPC


def test_an_error_in_an_error_is_recognised() -> None:
    """As torch's writer wraps the file's error, and SQLAlchemy says SQLite's in words."""
    wrapped = RuntimeError("file write failed")
    wrapped.__cause__ = OSError(errno.EDQUOT, "quota")
    assert means_full(wrapped)
    assert means_full(ValueError("(sqlite3.OperationalError) database or disk is full"))
    assert not means_full(OSError(errno.EIO, "broken"))
