"""Sums of raw files and the memory of them."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from trainables.data import checksums
from trainables.data.checksums import FileSums, file_sums, verify
from trainables.data.errors import DataError
from trainables.data.sources import RawFile


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read, as they are read."""
    seen: list[Path] = []

    def counted(path: Path) -> FileSums:
        seen.append(path)
        return file_sums(path)

    monkeypatch.setattr(checksums, "file_sums", counted)
    return seen


def _file(tmp_path: Path, content: bytes, *, age_s: float) -> RawFile:
    path = tmp_path / "raw"
    path.write_bytes(content)
    then = time.time() - age_s
    os.utime(path, (then, then))
    return RawFile(path, "raw", hashlib.md5(b"right").hexdigest())  # noqa: S324  (the published sums are md5)


def test_a_settled_file_is_read_once(tmp_path: Path, reads: list[Path]) -> None:
    file = _file(tmp_path, b"right", age_s=100)
    for _ in range(3):
        assert verify([file], memo_dir=tmp_path / "memo").sums == {"raw": hashlib.sha256(b"right").hexdigest()}
    assert len(reads) == 1
    verify([file])
    assert len(reads) == 2  # no memory asked for: every byte is read


def test_a_changed_file_is_read_again(tmp_path: Path, reads: list[Path]) -> None:
    verify([_file(tmp_path, b"right", age_s=100)], memo_dir=tmp_path / "memo")
    with pytest.raises(DataError, match="truncated or corrupt"):
        verify([_file(tmp_path, b"wrong", age_s=50)], memo_dir=tmp_path / "memo")
    assert len(reads) == 2


def test_a_file_written_just_now_is_not_remembered(tmp_path: Path, reads: list[Path]) -> None:
    """It may change again within the clock's tick, with the same size and time."""
    file = _file(tmp_path, b"right", age_s=0)
    for _ in range(2):
        verify([file], memo_dir=tmp_path / "memo")
    assert len(reads) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"x": 3}'])
def test_a_damaged_memory_is_not_believed(tmp_path: Path, reads: list[Path], damage: str) -> None:
    file = _file(tmp_path, b"right", age_s=100)
    verify([file], memo_dir=tmp_path / "memo")
    next((tmp_path / "memo").iterdir()).write_text(damage)
    verify([file], memo_dir=tmp_path / "memo")
    assert len(reads) == 2
    assert len(list((tmp_path / "memo").iterdir())) == 1


def test_a_file_without_a_published_sum_is_said_to_be_one(tmp_path: Path) -> None:
    file = _file(tmp_path, b"anything", age_s=0)
    verified = verify([RawFile(file.path, "raw")])
    assert verified.unpublished == ("raw",)
