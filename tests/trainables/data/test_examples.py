"""A few images after each step: the prepared ones, and what batches of them are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from trainables.data.augment import Augment
from trainables.data.examples import example_arrays
from trainables.data.sources import in_memory
from trainables.data.transform import Transform
from trainables.moving_targets import MovingTargets
from trainables.training import TrialContext

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 3, 6, 5), dtype=np.uint8)
LABELS = np.arange(40) % 7
SPLIT = in_memory(IMAGES, LABELS, "test")


def test_each_step_is_the_one_before_changed_once() -> None:
    """Oracle: the whole transform at once, as data are prepared; a scalar formula for the normalised."""
    rows = np.array([39, 5, 7, 30, 12, 2])
    transform = Transform(resize=10, crop=8)
    arrays = example_arrays(SPLIT, LABELS, rows, transform, mean=(10, 20, 30), std=(1, 2, 4))
    chosen = arrays["example_rows"]
    assert len(set(chosen) & set(rows)) == 4
    assert arrays["example_labels"].tolist() == LABELS[chosen].tolist()
    for i, row in enumerate(chosen):
        np.testing.assert_array_equal(arrays[f"example_{i}_original"], IMAGES[row])
        assert arrays[f"example_{i}_resized"].shape == (3, 12, 10)
        cropped = arrays[f"example_{i}_cropped"]
        np.testing.assert_array_equal(cropped, transform(IMAGES[row : row + 1])[0])
        assert arrays[f"example_{i}_normalised"][2, 3, 4] == (float(cropped[2, 3, 4]) - 30) / 4
        assert f"example_{i}_augmented" not in arrays
    again = example_arrays(SPLIT, LABELS, rows, transform, mean=(10, 20, 30), std=(1, 2, 4))
    assert np.array_equal(again["example_rows"], chosen)


def test_augmented_images_are_shifts_and_mirrors() -> None:
    """Oracle: every crop of the padded image and its mirror image, one of which it must be."""
    arrays = example_arrays(
        SPLIT,
        LABELS,
        np.arange(3),
        Transform(),
        mean=(0,) * 3,
        std=(1,) * 3,
        augment=Augment(flip=True, crop_padding=2),
    )
    assert sorted(name for name in arrays if name.startswith("example_0")) == [
        "example_0_augmented",
        "example_0_normalised",
        "example_0_original",
    ]
    for i in range(3):
        padded = np.pad(IMAGES[i], ((0, 0), (2, 2), (2, 2)))
        windows = [padded[:, top : top + 6, left : left + 5] for top in range(5) for left in range(5)]
        made = arrays[f"example_{i}_augmented"]
        assert any(np.array_equal(made, w) or np.array_equal(made, w[:, :, ::-1]) for w in windows)
        np.testing.assert_array_equal(arrays[f"example_{i}_normalised"], made.astype(np.float32))


def test_a_trial_keeps_the_images_that_it_was_given(tmp_path: Path) -> None:
    """Oracle: the prepared images of the training split, normalised as its batches are."""
    context = TrialContext(seed=1, data_dir=tmp_path, cache_dir=tmp_path / "cache")
    config = {"dataset": "digits", "backbone": "mlp", "loss": "cross_entropy", "lr": 0.01, "resize": 12, "crop": 10}
    training = MovingTargets(config, context)
    arrays = training.arrays()
    rows = arrays["example_rows"]
    assert set(rows) <= set(training._images.indices.train)
    batches = training._batches(training._images.train, rows)
    pixels, labels = next(iter(batches))
    assert labels.tolist() == arrays["example_labels"].tolist()
    for i in range(len(rows)):
        assert torch.allclose(pixels[i], torch.from_numpy(arrays[f"example_{i}_normalised"]), atol=1e-5)
