"""Preparing once: real processes that race, are killed, or find a damaged copy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from trainables.data.errors import DataError
from trainables.data.prepared import DataSet, load, load_source
from trainables.data.sources import RawData, RawSplit, in_memory
from trainables.data.transform import Transform

REPOSITORY = Path(__file__).parents[3]


@dataclass
class CountedSource:
    """Two classes of 4 x 4 images; counts how often it is decoded, and can fail on the way."""

    name: str = "counted"
    identity: str = "one"
    fail_at: int | None = None
    decoded: list[str] = field(default_factory=list)

    def files(self) -> list:
        return []

    def read(self) -> RawData:
        self.decoded.append(self.identity)
        images = np.arange(20 * 16, dtype=np.uint8).reshape(20, 1, 4, 4)
        labels = np.arange(20) % 2

        def chunks() -> Iterator[np.ndarray]:
            for row in range(20):
                if row == self.fail_at:
                    raise DataError(f"picture {row} is broken")
                yield images[row : row + 1]

        train = RawSplit(labels, chunks, str)
        return RawData(("a", "b"), train, in_memory(images[:4], labels[:4], "test"))


def _load(source: CountedSource, cache: Path, **transform: int) -> DataSet:
    return load_source(source, cache_dir=cache, transform=Transform(**transform))


def _entries(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_decoded_once_per_content_and_transform(tmp_path: Path) -> None:
    source = CountedSource()
    first, again = _load(source, tmp_path), _load(source, tmp_path)
    assert source.decoded == ["one"]
    assert first.fingerprint == again.fingerprint
    assert first.train is again.train  # one mapping a process
    cropped = _load(source, tmp_path, crop=2)
    source.identity = "two"
    other = _load(source, tmp_path)
    assert source.decoded == ["one", "one", "two"]
    assert len({data.fingerprint for data in (first, cropped, other)}) == 3
    assert cropped.shape == (1, 2, 2)
    assert _entries(tmp_path) == sorted(f"counted-{d.fingerprint[:12]}" for d in (first, cropped, other))


def test_arrays_are_mapped_and_read_only(tmp_path: Path) -> None:
    data = _load(CountedSource(), tmp_path)
    assert isinstance(data.train.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        data.train.images[0] = 0


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="picture 13 is broken"):
        _load(CountedSource(fail_at=13), tmp_path)
    assert _entries(tmp_path) == []
    assert len(_load(CountedSource(), tmp_path).train) == 20


@pytest.mark.parametrize("damage", ["train_images.npy", "test_labels.npy", "meta.json", "missing"])
def test_a_damaged_copy_is_prepared_anew(tmp_path: Path, damage: str) -> None:
    source = CountedSource()
    data = _load(source, tmp_path)
    folder = tmp_path / f"counted-{data.fingerprint[:12]}"
    if damage == "missing":
        (folder / "train_labels.npy").unlink()
    else:
        os.truncate(folder / damage, 100)
    assert len(_load(source, tmp_path).train) == 20
    assert len(source.decoded) == 2
    assert len(np.load(folder / "train_images.npy")) == 20
    assert _entries(tmp_path) == [folder.name]


def test_a_disk_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file/cache.*counted cannot be prepared here"):
        _load(CountedSource(), tmp_path / "file" / "cache")


def test_a_full_disk_is_told_with_the_room_it_takes_and_leaves_nothing(small_disk: Callable[[int], Path]) -> None:
    """Oracle: 20 images of 256 x 256 bytes take 1.3 MB of a disk of 1; mapped without a reservation it is a SIGBUS."""
    cache = small_disk(1_000_000) / "cache"
    with pytest.raises(DataError, match=r"train_images\.npy needs 1\.3 MB, .*free"):
        _load(CountedSource(), cache, resize=256)
    assert _entries(cache) == []
    assert _load(CountedSource(), cache, resize=128).shape == (1, 128, 128)


def test_a_name_does_not_become_a_path(tmp_path: Path) -> None:
    data = _load(CountedSource(name="folder:../../x y/"), tmp_path / "cache")
    assert _entries(tmp_path) == ["cache"]
    assert _entries(tmp_path / "cache") == [f"x_y-{data.fingerprint[:12]}"]


_PREPARE = """
import sys, time
from pathlib import Path
import numpy as np
from trainables.data.cache import FORMAT
from trainables.data.prepared import load
import trainables.data.npz as npz

read = npz.NpzSource.read
def slow(self):
    with open(sys.argv[2], "a") as log:
        log.write("read\\n")
    time.sleep(float(sys.argv[3]))
    return read(self)
npz.NpzSource.read = slow
data = load("npz:" + sys.argv[1], data_dir=Path("/"), cache_dir=Path(sys.argv[1]).parent / "cache", crop=4)
print(data.fingerprint, int(data.train.images.sum()))
"""


def _start(npz: Path, log: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _PREPARE, str(npz), str(log), str(seconds)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 6), dtype=np.uint8)
    labels = np.arange(40) % 4
    np.savez(tmp_path / "mine.npz", x_train=images, y_train=labels, x_test=images[:8], y_test=labels[:8])
    return tmp_path / "mine.npz"


def test_processes_that_ask_at_once_prepare_once(npz: Path, tmp_path: Path) -> None:
    """Oracle: the log of reads, and the sum of the written pixels."""
    log = tmp_path / "log"
    processes = [_start(npz, log, 0.5) for _ in range(3)]
    outputs = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert log.read_text() == "read\n"
    (output,) = outputs
    images = np.load(npz)["x_train"][:, 1:5, 1:5]
    assert output.split()[1] == str(images.sum())
    prepared = [name for name in _entries(tmp_path / "cache") if not name.startswith("sums-")]
    assert prepared == [f"mine.npz-{output[:12]}"]


def test_a_killed_preparation_is_done_again(npz: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = _start(npz, log, 60)
    deadline = time.monotonic() + 30
    while not log.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    leftovers = [path for path in (tmp_path / "cache").iterdir() if ".tmp-" in path.name]
    assert len(leftovers) == 1  # it was killed on the way
    data = load(f"npz:{npz}", data_dir=tmp_path, cache_dir=tmp_path / "cache", crop=4)
    assert len(data.train) == 40
    assert not leftovers[0].exists()


def test_a_prepared_copy_loads_without_torch(npz: Path, tmp_path: Path) -> None:
    """A reader pays neither torch nor torchvision nor scikit-learn; digits included."""
    for name in (f"npz:{npz}", "digits"):
        load(name, data_dir=tmp_path, cache_dir=tmp_path / "cache", crop=4)
    code = f"""
import sys
from pathlib import Path
from trainables.data.prepared import load
for name in ("npz:{npz}", "digits"):
    load(name, data_dir=Path("{tmp_path}"), cache_dir=Path("{tmp_path}/cache"), crop=4)
print([name for name in ("torch", "torchvision", "sklearn", "PIL") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_digits(tmp_path: Path) -> None:
    """Oracle: scikit-learn's values, scaled by hand; counts per class."""
    from sklearn.datasets import load_digits

    data = load("digits", data_dir=tmp_path, cache_dir=tmp_path)
    assert (data.shape, len(data.train), len(data.test), data.n_classes) == ((1, 8, 8), 1437, 360, 10)
    values, labels = load_digits(return_X_y=True)
    ours = {(image.tobytes(), label) for split in (data.train, data.test) for image, label in _pairs(split)}
    theirs = {
        (bytes(int(value * 255 / 16 + 0.5) for value in row), label) for row, label in zip(values, labels, strict=True)
    }
    assert ours == theirs
    assert np.all(np.abs(np.bincount(data.test.labels) - np.bincount(labels) * 360 / 1797) < 1)
    own = data.train.images.astype(np.float64)
    np.testing.assert_allclose((data.mean[0], data.std[0]), (own.mean(), own.std()), rtol=1e-12)


def _pairs(split):
    return zip(split.images, split.labels.tolist(), strict=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("MINST", "did you mean.*MNIST.*folder:PATH"),
        ("folder:", "folder: must be followed by a path"),
        ("no_such_module:thing", "no_such_module"),
        ("trainables.data.idx:FILES", "must be a function"),
        ("pathlib:Path", "must give a Source"),
    ],
)
def test_names_that_stand_for_nothing(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=f"(?i){message}"):
        load(name, data_dir=tmp_path, cache_dir=tmp_path)


def test_a_source_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_data.py").write_text(
        "from trainables.data.npz import NpzSource\n"
        "def mine(data_dir):\n    return NpzSource('mine', data_dir / 'mine.npz')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    labels = np.arange(8) % 2
    images = np.zeros((8, 3, 3), np.uint8)
    images[4:] = 9
    np.savez(tmp_path / "mine.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    data = load("my_data:mine", data_dir=tmp_path, cache_dir=tmp_path / "cache")
    assert (data.name, data.mean, data.std) == ("mine", (4.5,), (4.5,))
    assert json.loads(next((tmp_path / "cache").glob("mine-*/meta.json")).read_text())["classes"] == ["0", "1"]
