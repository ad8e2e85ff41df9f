"""CIFAR batches pickled here in the published form, with their own sums."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainables.data.cifar import CifarSource, cifar10, cifar100
from trainables.data.errors import DataError
from trainables.data.prepared import load_source
from trainables.data.transform import Transform


def _write(folder: Path, content: dict[str, object]) -> dict[str, str]:
    """Pickle each file; returns the md5 sums."""
    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    for name, value in content.items():
        payload = value if isinstance(value, bytes) else pickle.dumps(value, protocol=4)
        (folder / name).write_bytes(payload)
        sums[name] = hashlib.md5(payload).hexdigest()  # noqa: S324  (the published sums are md5)
    return sums


def _batch(n: int, seed: int, key: str = "labels", n_classes: int = 10) -> dict[str, object]:
    generator = np.random.default_rng(seed)
    data = generator.integers(0, 256, (n, 3072), dtype=np.uint8)
    return {"data": data, key: [i % n_classes for i in range(n)], "filenames": ["x.png"] * n}


def _content() -> dict[str, object]:
    content: dict[str, object] = {f"data_batch_{i}": _batch(20, i) for i in range(1, 6)}
    content["test_batch"] = _batch(10, 9)
    content["batches.meta"] = {"label_names": [f"class {i}" for i in range(10)]}
    return content


def _source(tmp_path: Path, content: dict[str, object]) -> CifarSource:
    source = cifar10(tmp_path)
    return replace(source, md5=_write(source.folder, content))


def _load(source: CifarSource, tmp_path: Path):
    return load_source(source, cache_dir=tmp_path / "cache", transform=Transform())


def test_batches_come_back_in_order(tmp_path: Path) -> None:
    """Oracle: the written arrays; a row is 1,024 red, then green, then blue values."""
    content = _content()
    data = _load(_source(tmp_path, content), tmp_path)
    assert (data.shape, len(data.train), len(data.test), data.classes[2]) == ((3, 32, 32), 100, 10, "class 2")
    third = content["data_batch_3"]
    assert isinstance(third, dict)
    np.testing.assert_array_equal(data.train.images[45].reshape(-1), third["data"][5])
    assert data.train.images[45, 1, 2, 3] == third["data"][5][1024 + 2 * 32 + 3]
    assert data.train.labels[45] == 5


def test_cifar100_reads_its_fine_labels(tmp_path: Path) -> None:
    source = cifar100(tmp_path)
    train, test = _batch(200, 1, "fine_labels", 100), _batch(100, 2, "fine_labels", 100)
    meta = {"fine_label_names": [str(i) for i in range(100)], "coarse_label_names": ["x"]}
    source = replace(source, md5=_write(source.folder, {"train": train, "test": test, "meta": meta}))
    data = _load(source, tmp_path)
    assert data.n_classes == 100
    assert data.train.labels[150] == 50


def test_published_sums_are_torchvisions(tmp_path: Path) -> None:
    """Oracle: torchvision's source."""
    from torchvision.datasets import CIFAR10, CIFAR100

    for source, theirs in ((cifar10(tmp_path), CIFAR10), (cifar100(tmp_path), CIFAR100)):
        listed = dict(theirs.train_list + theirs.test_list)
        assert source.md5 == {**listed, theirs.meta["filename"]: theirs.meta["md5"]}
        assert source.folder == tmp_path / theirs.base_folder


class _Bomb:
    """Unpickling it creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_batch_with_another_sum_is_never_unpickled(tmp_path: Path) -> None:
    source = _source(tmp_path, _content())
    path = source.folder / "data_batch_2"
    path.write_bytes(pickle.dumps(_Bomb(tmp_path / "exploded"), protocol=4))
    with pytest.raises(DataError, match=source.md5["data_batch_2"]) as caught:
        _load(source, tmp_path)
    assert caught.value.path == path
    assert "tuner data fetch CIFAR10" in str(caught.value)
    assert not (tmp_path / "exploded").exists()


def test_even_with_the_right_sum_only_arrays_are_built(tmp_path: Path) -> None:
    content = {**_content(), "data_batch_2": {"data": _Bomb(tmp_path / "exploded"), "labels": []}}
    with pytest.raises(DataError, match="data_batch_2: cannot be unpickled: refused to load"):
        _load(_source(tmp_path, content), tmp_path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("data_batch_1", b"\x80\x04]", "cannot be unpickled"),
        ("data_batch_1", [1, 2], "must hold a dictionary, but holds a list"),
        ("data_batch_1", {"labels": []}, r"uint8 \[N, 3072\]"),
        ("test_batch", {**_batch(3, 0), "labels": [0, 1]}, "3 whole numbers in 0..9"),
        ("test_batch", {**_batch(3, 0), "labels": [0, 1, 10]}, "3 whole numbers in 0..9"),
        ("batches.meta", {"names": []}, "holds no 'label_names'"),
    ],
)
def test_another_form_is_named(tmp_path: Path, name: str, value: object, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        _load(_source(tmp_path, {**_content(), name: value}), tmp_path)
    assert caught.value.path == tmp_path / "cifar-10-batches-py" / name
