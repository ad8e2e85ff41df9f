"""Image folders, made of real picture files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainables.data.errors import DataError
from trainables.data.prepared import DataSet, load


def _picture(path: Path, value: int, *, size: tuple[int, int] = (6, 5), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode in {"L", "I;16", "P"} else (value,) * len(mode)).save(path)


def _load(root: Path, **options: int) -> DataSet:
    return load(f"folder:{root}", data_dir=Path("/nowhere"), cache_dir=root.parent / "cache", **options)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes with train and test; each picture has one value, 10 * class + number."""
    for split in ("train", "test"):
        for label, name in enumerate(("ant", "bee")):
            for number in range(3):
                _picture(tmp_path / "pictures" / split / name / f"{number}.png", 10 * label + number)
    return tmp_path / "pictures"


def test_train_and_test_folders(root: Path) -> None:
    (root / "train" / "ant" / ".hidden").write_text("left out")
    data = _load(root)
    assert (data.classes, data.shape) == (("ant", "bee"), (1, 5, 6))
    assert data.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]
    np.testing.assert_array_equal(data.test.images, data.train.images)


def test_one_folder_is_split_by_a_fixed_seed(tmp_path: Path) -> None:
    """Oracle: counts: a fifth of each class, disjoint, the same again."""
    for label, name in enumerate(("ant", "bee")):
        for number in range(10):
            _picture(tmp_path / "all" / name / f"{number}.png", 10 * label + number)
    data = _load(tmp_path / "all")
    assert np.bincount(data.test.labels).tolist() == [2, 2]
    values = [*data.train.images[:, 0, 0, 0].tolist(), *data.test.images[:, 0, 0, 0].tolist()]
    assert sorted(values) == list(range(20))
    assert (data.train.images[:, 0, 0, 0] // 10 == data.train.labels).all()


def test_one_coloured_picture_makes_the_set_coloured(root: Path) -> None:
    Image.new("RGB", (6, 5), (1, 2, 3)).save(root / "train" / "bee" / "2.png")
    palette = Image.new("P", (6, 5), 0)
    palette.putpalette([7, 8, 9] * 256)
    palette.save(root / "test" / "bee" / "2.png", transparency=b"\x80" * 256)
    data = _load(root)
    assert data.shape == (3, 5, 6)
    assert data.train.images[5, :, 0, 0].tolist() == [1, 2, 3]
    assert data.train.images[1, :, 0, 0].tolist() == [1, 1, 1]
    assert data.test.images[5, :, 0, 0].tolist() == [7, 8, 9]


def test_sizes_must_agree_after_the_transform(root: Path) -> None:
    _picture(root / "train" / "bee" / "1.png", 11, size=(12, 9))
    with pytest.raises(DataError, match=r"bee/1\.png: 1x9x12 .* the split's first image 1x5x6: set resize and crop"):
        _load(root)
    assert _load(root, resize=5, crop=5).shape == (1, 5, 5)
    with pytest.raises(DataError, match=r"ant/0\.png: crop must fit the image"):
        _load(root, crop=6)


def test_a_changed_picture_is_another_data_set(root: Path) -> None:
    before = _load(root)
    assert _load(root).fingerprint == before.fingerprint
    _picture(root / "train" / "ant" / "0.png", 99)
    after = _load(root)
    assert after.fingerprint != before.fingerprint
    assert after.train.images[0, 0, 0, 0] == 99
    assert before.train.images[0, 0, 0, 0] == 0


def test_another_place_is_the_same_data_set(root: Path) -> None:
    before = _load(root).fingerprint
    assert _load(root.rename(root.with_name("moved"))).fingerprint == before


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_broken_picture_is_named(root: Path, content: bytes | None) -> None:
    path = root / "train" / "bee" / "1.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:700] if content is None else content)  # None: cut off
    with pytest.raises(DataError, match=r"bee/1\.png: truncated, corrupt or no picture") as caught:
        _load(root, resize=5, crop=5)
    assert caught.value.path == path
    assert not list((root.parent / "cache").glob("pictures-*"))


def test_links_that_leave_the_folder_are_refused(root: Path) -> None:
    (root / "train" / "ant" / "same.png").symlink_to(root / "train" / "ant" / "0.png")
    assert len(_load(root).train) == 7
    outside = root.parent / "secret.png"
    _picture(outside, 1)
    (root / "train" / "ant" / "9.png").symlink_to(outside)
    with pytest.raises(DataError, match=r"ant/9\.png: links to .*secret\.png, outside"):
        _load(root)
    (root / "train" / "ant" / "9.png").unlink()
    _picture(root.parent / "elsewhere" / "x.png", 1)
    (root / "train" / "cat").symlink_to(root.parent / "elsewhere")
    with pytest.raises(DataError, match="outside"):
        _load(root)


def test_what_does_not_belong_is_listed(root: Path) -> None:
    (root / "train" / "ant" / "notes.txt").write_text("x")
    (root / "train" / "ant" / "deeper").mkdir()
    (root / "train" / "stray.png").write_text("x")
    (root / "train" / "cat").mkdir()
    with pytest.raises(DataError) as caught:
        _load(root)
    for part in ("notes.txt: is not a picture", "deeper: is not a picture", "stray.png: is not a class folder"):
        assert part in str(caught.value)
    assert "cat: is a class folder without pictures" in str(caught.value)


def test_layouts_that_are_none(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        _load(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        _load(tmp_path / "empty")
    _picture(tmp_path / "few" / "ant" / "0.png", 1)
    _picture(tmp_path / "few" / "bee" / "0.png", 1)
    with pytest.raises(DataError, match="too few pictures for a test split of 20% in ant, bee"):
        _load(tmp_path / "few")
    _picture(root / "train" / "wide" / "0.png", 1)
    with pytest.raises(DataError, match="test/ lacks pictures of wide"):
        _load(root)
    (root / "val").mkdir()
    with pytest.raises(DataError, match="val: stands beside train and test"):
        _load(root)


def test_pictures_of_sixteen_bits_are_refused(root: Path) -> None:
    _picture(root / "train" / "ant" / "0.png", 1000, mode="I;16")
    with pytest.raises(DataError, match=r"ant/0\.png: has pixels of mode I;16, not of 8 bits"):
        _load(root)
