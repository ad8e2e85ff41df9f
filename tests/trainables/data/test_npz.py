"""Data sets in one .npz file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainables.data.errors import DataError
from trainables.data.prepared import DataSet, load


def _arrays(*shape: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (20, *shape), dtype=np.uint8),
        "y_train": np.arange(20) % 4,
        "x_test": generator.integers(0, 256, (8, *shape), dtype=np.uint8),
        "y_test": np.arange(8, dtype=np.uint8) % 4,
    }


def _load(path: Path) -> DataSet:
    return load(f"npz:{path.name}", data_dir=path.parent, cache_dir=path.parent / "cache")


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1), (5, 6, 3)])
def test_grey_and_colour(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Oracle: the written arrays, channels moved to the front."""
    arrays = _arrays(*shape)
    np.savez_compressed(tmp_path / "mine.npz", **arrays)
    data = _load(tmp_path / "mine.npz")
    channels_first = arrays["x_train"][:, None] if len(shape) == 2 else np.moveaxis(arrays["x_train"], 3, 1)
    np.testing.assert_array_equal(data.train.images, channels_first)
    np.testing.assert_array_equal(data.test.labels, arrays["y_test"])
    assert (data.classes, data.name) == (("0", "1", "2", "3"), "npz:mine.npz")
    # Oracle of the statistics: numpy on floats.
    np.testing.assert_allclose(data.mean, channels_first.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(data.std, channels_first.std((0, 2, 3)), rtol=1e-12)


def test_class_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **_arrays(5, 6), classes=np.array(["a", "b", "c", "d"]))
    assert _load(tmp_path / "mine.npz").classes == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": None}, "lacks x_train; it holds y_train, x_test, y_test"),
        ({"x_train": np.zeros((20, 5, 6))}, r"x_train must be uint8 .* is float64 \(20, 5, 6\)"),
        ({"x_test": np.zeros((8, 5), np.uint8)}, "x_test must be uint8"),
        ({"y_train": np.arange(19)}, r"y_train must be 20 whole numbers, but is int64 \(19,\)"),
        ({"y_train": np.arange(20) / 2}, "y_train must be 20 whole numbers"),
        ({"y_train": np.arange(20) - 1}, "y_train must not be negative, but holds -1"),
        ({"y_train": np.arange(20) % 2 * 2}, r"every class 0\.\.2, but lacks \[1\]"),
        ({"y_test": np.full(8, 7)}, r"y_test holds class 7, y_train only 0\.\.3"),
        ({"classes": np.array(["a"])}, "classes must be 4 names, but got 1"),
        ({"y_test": np.array([object()] * 8)}, "truncated, corrupt or not an .npz of plain arrays"),
        ({"x_test": np.zeros((8, 6, 5), np.uint8)}, r"training images are \(1, 5, 6\), test images \(1, 6, 5\)"),
    ],
)
def test_another_form_is_named(tmp_path: Path, change: dict[str, np.ndarray | None], message: str) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, **{name: array for name, array in {**_arrays(5, 6), **change}.items() if array is not None})
    with pytest.raises(DataError, match=message):
        _load(path)
    assert not list((tmp_path / "cache").glob("mine*"))


def test_damaged_or_missing_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with pytest.raises(DataError, match=r"mine\.npz: no such file.*numpy\.savez") as caught:
        _load(path)
    assert caught.value.path == path
    np.savez_compressed(path, **_arrays(50, 60))
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 255
    for content in (b"", b"text", whole[:-40], whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"mine\.npz: truncated, corrupt or not an \.npz"):
            _load(path)
