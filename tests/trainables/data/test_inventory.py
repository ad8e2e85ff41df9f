"""What is here, what is whole, and what fetching says when it cannot."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from trainables.data.errors import DataError
from trainables.data.idx import FILES
from trainables.data.inventory import check, fetch, inventory
from trainables.data.registry import NAMED


def test_an_empty_folder_has_digits_alone(tmp_path: Path) -> None:
    statuses = inventory(tmp_path)
    assert [status.name for status in statuses] == list(NAMED)
    assert [status.name for status in statuses if status.present] == ["digits"]
    (mnist,) = [status for status in statuses if status.name == "MNIST"]
    assert (mnist.verified, mnist.files, mnist.bytes) == (None, (), 0)
    assert str(tmp_path / "MNIST" / "raw" / FILES[0]) in mnist.note
    assert "tuner data fetch MNIST" in mnist.note


def test_a_wrong_file_is_found_by_check_alone(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in FILES:
        (raw / name).write_bytes(b"12345")
    listed = next(status for status in inventory(tmp_path) if status.name == "MNIST")
    assert (listed.present, listed.verified, listed.bytes, len(listed.files)) == (True, None, 20, 4)
    checked = check("MNIST", tmp_path)
    assert (checked.present, checked.verified) == (True, False)
    assert all(name in checked.note for name in FILES)
    (raw / FILES[0]).unlink()
    assert (check("MNIST", tmp_path).present, check("MNIST", tmp_path).verified) == (False, False)


def test_sums_that_are_not_published_are_not_verified(tmp_path: Path) -> None:
    raw = tmp_path / "KMNIST" / "raw"
    raw.mkdir(parents=True)
    for name in FILES:
        (raw / name).write_bytes(b"12345")
    checked = check("KMNIST", tmp_path)
    assert (checked.present, checked.verified) == (True, None)
    assert "no published checksum" in checked.note


def test_check_reads_the_digits_too(tmp_path: Path) -> None:
    assert check("digits", tmp_path).verified is True


@pytest.mark.parametrize("name", ["digits", "folder:x", "nothing"])
def test_only_torchvisions_sets_can_be_fetched(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="what can be fetched: MNIST, FashionMNIST, KMNIST, CIFAR10, CIFAR100"):
        fetch(name, tmp_path)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    """A file where the folder should be: torchvision fails before it asks the network."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"(?s)CIFAR10 could not be fetched into .*file.*copy the folder"):
        fetch("CIFAR10", tmp_path / "file")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that torchvision downloads Fashion-MNIST from, over HTTP on loopback, with sums of its own."""
    from torchvision.datasets import FashionMNIST

    from trainables.data import idx

    folder = tmp_path / "mirror"
    folder.mkdir()
    contents = {}
    for name in FILES:
        shape = (9, 1, 1) if "images" in name else (9,)
        contents[name] = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + name[:9].encode()
        (folder / f"{name}.gz").write_bytes(gzip.compress(contents[name]))
    sums = {name: _md5((folder / f"{name}.gz").read_bytes()) for name in FILES}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(FashionMNIST, "resources", [(f"{name}.gz", md5) for name, md5 in sums.items()])
    monkeypatch.setattr(idx, "FASHION_MNIST_MD5", tuple(_md5(contents[name]) for name in FILES))
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing on stderr."""


def _md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()  # noqa: S324  (the published sums are md5)


def test_fetched_by_torchvision_then_checked(tmp_path: Path, mirror: Path) -> None:
    status = fetch("FashionMNIST", tmp_path / "data")
    assert (status.present, status.verified, len(status.files), status.note) == (True, True, 4, "")


def test_a_damaged_file_is_fetched_again(tmp_path: Path, mirror: Path) -> None:
    """Torchvision alone would take any file that exists for a good one."""
    (path, *_) = fetch("FashionMNIST", tmp_path / "data").files
    path.write_bytes(path.read_bytes()[:-1])
    assert fetch("FashionMNIST", tmp_path / "data").verified is True
    assert not list(path.parent.glob("*.damaged"))


def test_a_failed_fetch_leaves_what_was_there(tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import FashionMNIST

    (path, *_) = fetch("FashionMNIST", tmp_path / "data").files
    path.write_bytes(b"damaged")
    for archive in path.parent.glob("*.gz"):
        archive.unlink()
    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])  # nobody listens there
    with pytest.raises(DataError, match=r"(?s)FashionMNIST could not be fetched into .*train-images-idx3-ubyte\.gz"):
        fetch("FashionMNIST", tmp_path / "data")
    assert path.read_bytes() == b"damaged"
    assert len(list(path.parent.iterdir())) == 4
