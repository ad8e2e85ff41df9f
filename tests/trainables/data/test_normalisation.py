"""Normalisation constants against the paper's printed table and torchvision's transforms."""

from __future__ import annotations

import pytest

from trainables.data.errors import DataError
from trainables.data.normalisation import NORMALISATIONS, constants

OWN = {"mean": (50.0,), "std": (60.0,)}
OWN_RGB = {"mean": (50.0, 51.0, 52.0), "std": (60.0, 61.0, 62.0)}


def test_table_2_in_its_own_units() -> None:
    """Oracle: the printed numbers; MNIST's are on 0-255, CIFAR's on 0-1."""
    assert constants("KMNIST", "table2", **OWN) == ((33.3149,), (78.5639,))
    mean, std = constants("CIFAR100", "table2", **OWN_RGB)
    assert mean == pytest.approx((0.507 * 255, 0.487 * 255, 0.441 * 255))
    assert std == pytest.approx((0.201 * 255, 0.198 * 255, 0.202 * 255))


def test_table_2_read_literally_is_what_to_tensor_and_normalize_give() -> None:
    """Oracle: torchvision's ToTensor and Normalize with the printed numbers."""
    import numpy as np
    from torchvision import transforms

    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    theirs = transforms.Compose([transforms.ToTensor(), transforms.Normalize(33.3149, 78.5639)])(pixels)
    mean, std = constants("MNIST", "table2_literal", **OWN)
    ours = (pixels.reshape(1, 16, 16).astype(np.float64) - mean[0]) / std[0]
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5)
    assert constants("CIFAR10", "table2_literal", **OWN_RGB) == constants("CIFAR10", "table2", **OWN_RGB)


def test_auto_is_the_table_where_it_has_the_set_else_the_sets_own() -> None:
    assert constants("MNIST", "auto", **OWN) == constants("MNIST", "table2", **OWN)
    assert constants("digits", "auto", **OWN) == ((50.0,), (60.0,))
    assert constants("MNIST", "dataset", **OWN) == ((50.0,), (60.0,))
    assert constants("CIFAR10", "none", **OWN_RGB) == ((0.0,) * 3, (255.0,) * 3)


def test_mnists_usual_constants() -> None:
    """Oracle: torchvision's ToTensor and Normalize((0.1307,), (0.3081,)), for every channel."""
    mean, std = constants("CIFAR10", "mnist", **OWN_RGB)
    assert (100 - mean[2]) / std[2] == pytest.approx((100 / 255 - 0.1307) / 0.3081)
    assert (len(mean), len(std)) == (3, 3)


def test_what_does_not_fit_is_refused_with_the_choices() -> None:
    with pytest.raises(DataError, match=", ".join(NORMALISATIONS)):
        constants("MNIST", "table_2", **OWN)
    for choice in ("table2", "table2_literal"):
        with pytest.raises(DataError, match="no constants for digits, only for MNIST"):
            constants("digits", choice, **OWN)
    with pytest.raises(DataError, match="channels that vary"):
        constants("folder:x", "auto", mean=(3.0,), std=(0.0,))
