"""IDX files written here, byte by byte, read back and damaged."""

from __future__ import annotations

import gzip
import hashlib
import logging
import struct
from pathlib import Path

import numpy as np
import pytest

from trainables.data.errors import DataError
from trainables.data.idx import FILES, IdxSource, fashion_mnist, kmnist, mnist
from trainables.data.prepared import load_source
from trainables.data.transform import Transform

N = {"train": 30, "t10k": 10}


def _idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def _write(folder: Path) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for name in FILES:
        n = N[name.partition("-")[0]]
        images = generator.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[name] = images if "images" in name else np.arange(n, dtype=np.uint8) % 10
        (folder / name).write_bytes(_idx(arrays[name]))
    return arrays


def _md5(folder: Path, suffix: str = "") -> dict[str, str]:
    return {name: hashlib.md5((folder / f"{name}{suffix}").read_bytes()).hexdigest() for name in FILES}  # noqa: S324  (the published sums are md5)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    _write(folder)
    return folder


def _load(source: IdxSource, tmp_path: Path, transform: Transform | None = None):
    return load_source(source, cache_dir=tmp_path / "cache", transform=transform or Transform())


def test_pixels_and_labels_come_back(tmp_path: Path) -> None:
    """Oracle: the arrays that were written."""
    arrays = _write(tmp_path / "raw")
    data = _load(IdxSource("MNIST", tmp_path / "raw", _md5(tmp_path / "raw"), {}), tmp_path)
    assert (data.shape, data.n_classes, data.classes[3]) == ((1, 28, 28), 10, "3 - three")
    np.testing.assert_array_equal(data.train.images[:, 0], arrays[FILES[0]])
    np.testing.assert_array_equal(data.train.labels, arrays[FILES[1]])
    np.testing.assert_array_equal(data.test.images[:, 0], arrays[FILES[2]])
    np.testing.assert_array_equal(data.test.labels, arrays[FILES[3]])
    assert (data.train.labels.dtype, data.mean, data.std) == (np.int64, (33.3149,), (78.5639,))


@pytest.mark.parametrize("damage", ["truncate", "flip", "delete", "swap"])
def test_damage_is_named_with_the_expected_sum_and_the_remedy(raw: Path, tmp_path: Path, damage: str) -> None:
    source = IdxSource("MNIST", raw, _md5(raw), {})
    path = raw / FILES[0]
    content = bytearray(path.read_bytes())
    if damage == "truncate":
        path.write_bytes(content[:-1])
    elif damage == "flip":
        content[5000] ^= 1
        path.write_bytes(content)
    elif damage == "delete":
        path.unlink()
    else:
        path.write_bytes((raw / FILES[2]).read_bytes())
    with pytest.raises(DataError) as caught:
        _load(source, tmp_path)
    message = str(caught.value)
    assert caught.value.path == path
    for part in (str(path), source.md5[FILES[0]], "tuner data fetch MNIST"):
        assert part in message
    assert "no such file" in message if damage == "delete" else "truncated or corrupt" in message
    assert not (tmp_path / "cache").exists()


def test_all_damaged_files_are_named_at_once(raw: Path, tmp_path: Path) -> None:
    source = IdxSource("MNIST", raw, _md5(raw), {})
    (raw / FILES[1]).unlink()
    (raw / FILES[3]).write_bytes(b"")
    with pytest.raises(DataError) as caught:
        _load(source, tmp_path)
    assert FILES[1] in str(caught.value)
    assert FILES[3] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (FILES[0], _idx(np.zeros((30, 28, 28), np.uint8))[:-5], "its header"),
        (FILES[0], _idx(np.zeros((29, 28, 28), np.uint8)), "29 images for 30 labels"),
        (FILES[0], b"\x00\x00\x08", "not an IDX file"),
        (FILES[0], gzip.compress(_idx(np.zeros((30, 28, 28), np.uint8))), "not an IDX file"),
        (FILES[0], _idx(np.zeros((0, 28, 28), np.uint8)), "truncated or corrupt"),
        (FILES[3], _idx(np.full(10, 10, np.uint8)), "label 10 of 10 classes"),
    ],
)
def test_without_published_sums_the_structure_is_checked(
    raw: Path, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (raw / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        _load(IdxSource("KMNIST", raw, {}, {}), tmp_path)
    assert caught.value.path == raw / name
    assert not list((tmp_path / "cache").glob("KMNIST*"))


def test_archives_vouch_for_their_content(raw: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """KMNIST: only the .gz files' sums are published. With them the raw files are verified, without it is said."""
    for name in FILES:
        (raw / f"{name}.gz").write_bytes(gzip.compress((raw / name).read_bytes()))
    source = IdxSource("KMNIST", raw, {}, _md5(raw, ".gz"))
    with caplog.at_level(logging.WARNING):
        assert len(_load(source, tmp_path).train) == 30
        assert not caplog.records
        for name in FILES:
            (raw / f"{name}.gz").unlink()
        assert len(_load(source, tmp_path).train) == 30
    assert "KMNIST: no checksum is published for train-images" in caplog.text


def test_a_raw_file_that_is_not_its_archives_content_is_refused(raw: Path, tmp_path: Path) -> None:
    for name in FILES:
        (raw / f"{name}.gz").write_bytes(gzip.compress((raw / name).read_bytes()))
    source = IdxSource("KMNIST", raw, {}, _md5(raw, ".gz"))
    content = bytearray((raw / FILES[0]).read_bytes())
    content[-1] ^= 1
    (raw / FILES[0]).write_bytes(content)
    with pytest.raises(DataError, match=r"that of train-images-idx3-ubyte\.gz's content"):
        _load(source, tmp_path)
    damaged = raw / f"{FILES[0]}.gz"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(DataError, match=source.archive_md5[FILES[0]]) as caught:
        _load(source, tmp_path)
    assert caught.value.path == damaged


def test_the_archives_sums_are_torchvisions(tmp_path: Path) -> None:
    """Oracle: torchvision's source."""
    from torchvision.datasets import KMNIST

    assert {f"{name}.gz": md5 for name, md5 in kmnist(tmp_path).archive_md5.items()} == dict(KMNIST.resources)


@pytest.mark.parametrize(("build", "name"), [(mnist, "MNIST"), (fashion_mnist, "FashionMNIST"), (kmnist, "KMNIST")])
def test_files_lie_where_torchvision_looks(tmp_path: Path, build, name: str) -> None:
    """Oracle: torchvision's own data set, reading files that only it was told the root of."""
    from torchvision import datasets

    arrays = _write(build(tmp_path).folder)
    theirs = getattr(datasets, name)(root=tmp_path, train=False, download=False)
    np.testing.assert_array_equal(theirs.data.numpy(), arrays[FILES[2]])
