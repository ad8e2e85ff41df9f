"""Raw files with bytes flipped, overwritten or cut: a DataError that names the file, or data of the right form.

First with the sums of the whole files, which no damage survives; then with the sums of the damaged ones, as if somebody
had published them: then what is read of the file must hold by itself.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from trainables.data.cifar import cifar10
from trainables.data.errors import DataError
from trainables.data.folder import FolderSource
from trainables.data.idx import FILES, mnist
from trainables.data.npz import NpzSource
from trainables.data.prepared import load_source
from trainables.data.sources import Source
from trainables.data.transform import Transform

N = 20
GENERATOR = np.random.default_rng(0)
LABELS = [i % 10 for i in range(N)]
damages = st.lists(
    st.tuples(
        st.sampled_from(["flip", "flip", "overwrite", "cut", "double"]), st.integers(0, 2**20), st.binary(max_size=4)
    ),
    min_size=1,
    max_size=3,
)


def damage(content: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    """Flip a bit, overwrite some bytes, cut the end off, or double a piece; half of all places lie in the first 100."""
    for kind, where, piece in edits:
        at = (where // 2) % (min(100, len(content)) if where % 2 else len(content)) if content else 0
        if kind == "flip" and content:
            content = content[:at] + bytes([content[at] ^ (1 << where % 8)]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at]
        else:
            content = content[:at] + (piece if kind == "overwrite" else content[at : at + 50] * 2) + content[at + 4 :]
    return content


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def idx_files(folder: Path) -> dict[Path, bytes]:
    images = idx(GENERATOR.integers(0, 256, (N, 28, 28), dtype=np.uint8))
    labels = idx(np.array(LABELS, dtype=np.uint8))
    return {mnist(folder).folder / name: images if "images" in name else labels for name in FILES}


def cifar_files(folder: Path) -> dict[Path, bytes]:
    batch = pickle.dumps({"data": GENERATOR.integers(0, 256, (N, 3072), dtype=np.uint8), "labels": LABELS}, protocol=4)
    names = pickle.dumps({"label_names": [f"class {i}" for i in range(10)]}, protocol=4)
    source = cifar10(folder)
    return {source.folder / name: names if name == source.meta else batch for name in source.md5}


def npz_files(folder: Path) -> dict[Path, bytes]:
    stream = io.BytesIO()
    images = GENERATOR.integers(0, 256, (N, 8, 8), dtype=np.uint8)
    np.savez_compressed(stream, x_train=images, y_train=LABELS, x_test=images, y_test=LABELS)
    return {folder / "mine.npz": stream.getvalue()}


def folder_files(folder: Path) -> dict[Path, bytes]:
    stream = io.BytesIO()
    Image.fromarray(GENERATOR.integers(0, 256, (8, 8), dtype=np.uint8)).save(stream, "png")
    places = [f"{split}/{name}/{i}.png" for split in ("train", "test") for name in "ab" for i in range(2)]
    return {folder / place: stream.getvalue() for place in places}


def md5s(files: dict[Path, bytes]) -> dict[str, str]:
    return {path.name: hashlib.md5(content).hexdigest() for path, content in files.items()}  # noqa: S324  (the published sums are md5)


def npz_source(folder: Path, _: dict[str, str]) -> Source:
    return NpzSource("mine", folder / "mine.npz")


def folder_source(folder: Path, _: dict[str, str]) -> Source:
    return FolderSource("mine", folder)


Files = Callable[[Path], dict[Path, bytes]]
Build = Callable[[Path, dict[str, str]], Source]
KINDS: dict[str, tuple[Files, Build]] = {
    "idx": (idx_files, lambda folder, sums: replace(mnist(folder), md5=sums)),
    "cifar": (cifar_files, lambda folder, sums: replace(cifar10(folder), md5=sums)),
    "npz": (npz_files, npz_source),
    "folder": (folder_files, folder_source),
}
slow = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def put(files: dict[Path, bytes]) -> None:
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize("kind", ["idx", "cifar"])
def test_no_damage_survives_the_published_sums(kind: str, tmp_path: Path) -> None:
    write, build = KINDS[kind]
    files = write(tmp_path)
    put(files)
    source = build(tmp_path, md5s(files))
    cache = tmp_path / "cache"

    @slow
    @given(st.integers(0, len(files) - 1), damages)
    def run(which: int, edits: list[tuple[str, int, bytes]]) -> None:
        path, content = list(files.items())[which]
        damaged = damage(content, edits)
        path.write_bytes(damaged)
        if damaged != content:
            with pytest.raises(DataError, match="truncated or corrupt") as caught:
                load_source(source, cache_dir=cache, transform=Transform())
            assert caught.value.path == path
            assert not cache.exists()
        path.write_bytes(content)

    run()


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_the_right_sum_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    """Never another exception, never other labels than 0..K-1, never a copy of what was refused."""
    write, build = KINDS[kind]
    files = write(tmp_path / "raw")
    put(files)
    read = refused = 0
    named: list[bool] = []

    @slow
    @given(st.integers(0, len(files) - 1), damages)
    def run(which: int, edits: list[tuple[str, int, bytes]]) -> None:
        nonlocal read, refused
        path, content = list(files.items())[which]
        damaged = damage(content, edits)
        path.write_bytes(damaged)
        os.utime(path, ns=(0, read + refused))  # another file, for whoever remembers its sum
        try:
            source = build(tmp_path / "raw", md5s({**files, path: damaged}))
            data = load_source(source, cache_dir=tmp_path / "cache", transform=Transform())
        except DataError as error:
            refused += 1
            named.append(str(tmp_path) in str(error))
        else:
            read += 1
            for split in (data.train, data.test):
                assert split.images.dtype == np.uint8
                assert len(split.images) == len(split.labels) > 0
                assert 0 <= split.labels.min() <= split.labels.max() < data.n_classes
        path.write_bytes(content)

    run()
    assert refused > 10
    assert all(named)
    assert read > 0


@pytest.mark.parametrize(
    "change",
    [
        {"labels": [-1, *LABELS[1:]]},
        {"labels": [10, *LABELS[1:]]},
        {"labels": [0.5, *LABELS[1:]]},
        {"labels": [LABELS]},
        {"data": np.zeros((N, 3071), np.uint8)},
        {"data": np.zeros((N, 3, 32, 32), np.uint8)},
        {"data": np.zeros((N, 3072), np.float32)},
        {"data": np.array(["x"] * N, dtype=object)},
        {"data": np.uint8(3)},
    ],
    ids=range(9),
)
def test_a_cifar_batch_of_another_shape(change: dict[str, object], tmp_path: Path) -> None:
    files = cifar_files(tmp_path)
    path = cifar10(tmp_path).folder / "test_batch"
    files[path] = pickle.dumps({**pickle.loads(files[path]), **change}, protocol=4)  # noqa: S301  (our own bytes)
    put(files)
    source = replace(cifar10(tmp_path), md5=md5s(files))
    with pytest.raises(DataError, match=r"must be|refused to load") as caught:
        load_source(source, cache_dir=tmp_path / "cache", transform=Transform())
    assert caught.value.path == path
