"""The real data sets, where TUNER_DATA says they are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from trainables.data.inventory import check, fetch
from trainables.data.prepared import load

pytestmark = pytest.mark.data


@pytest.fixture
def data_dir() -> Path:
    folder = os.environ.get("TUNER_DATA")
    if not folder:
        pytest.skip("TUNER_DATA is not set")
    return Path(folder).resolve()


# The first 12 digits of sha256 over content and transform: the same on every machine.
CASES = [
    ("MNIST", (1, 36, 36), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], "c3a447460d36"),
    ("FashionMNIST", (1, 36, 36), [6000] * 10, "116b41d6c5d9"),
    ("CIFAR10", (3, 36, 36), [5000] * 10, "69d021785d7d"),
]


@pytest.mark.parametrize(("name", "shape", "counts", "fingerprint"), CASES, ids=[case[0] for case in CASES])
def test_prepared_as_the_paper_does(
    data_dir: Path, tmp_path: Path, name: str, shape: tuple[int, int, int], counts: list[int], fingerprint: str
) -> None:
    """Oracle: torchvision's data set and transforms on every 5,000th image; known counts per class."""
    from torchvision import datasets, transforms

    data = load(name, data_dir=data_dir, cache_dir=tmp_path, resize=44, crop=36)
    assert (data.shape, data.n_classes, len(data.test)) == (shape, 10, 10_000)
    assert np.bincount(data.train.labels).tolist() == counts
    assert data.fingerprint[:12] == fingerprint
    steps = [transforms.Resize(44), transforms.CenterCrop(36), transforms.PILToTensor()]
    for is_train, split in ((True, data.train), (False, data.test)):
        theirs = getattr(datasets, name)(data_dir, train=is_train, transform=transforms.Compose(steps))
        assert data.classes == tuple(theirs.classes)
        np.testing.assert_array_equal(split.labels, np.asarray(theirs.targets))
        for index in range(0, len(theirs), 5000):
            np.testing.assert_array_equal(split.images[index], theirs[index][0].numpy())


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "CIFAR10"])
def test_checksums_agree_and_nothing_is_fetched(data_dir: Path, name: str) -> None:
    """The folder may be read-only: a set that is whole is left alone."""
    status = check(name, data_dir)
    assert (status.present, status.verified, status.note) == (True, True, "")
    assert fetch(name, data_dir) == status
