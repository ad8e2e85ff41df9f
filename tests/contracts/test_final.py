"""What every trainable of the catalogue does once selection is over."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from trainables import catalog
from trainables.training import TrialContext

SMALL: dict[str, dict[str, Any]] = {
    "moving_targets": {"dataset": "digits", "backbone": "mlp", "loss": "cosine", "embedding_dim": 8},
    "linear_classifier": {"dataset": "digits"},
    "digits_network": {"dataset": "digits"},
    "dynamic_targets": {"dataset": "digits", "backbone": "mlp", "strategy": "one_hot", "normalisation": "none"},
    "imbalance": {"dataset": "digits", "padding": "same", "classes": (3, 8), "proportions": (0.8, 0.2)},
}


@pytest.fixture
def context(tmp_path: Path) -> TrialContext:
    return TrialContext(seed=3, data_dir=tmp_path, cache_dir=tmp_path)


@pytest.mark.parametrize("name", catalog.names("trainables"))
def test_a_final_run_trains_on_the_validation_images_and_does_not_measure_them(
    name: str, context: TrialContext
) -> None:
    """Oracle: the same seed before the end of selection: other images, so another loss; `val/` is reported there."""
    trainable = catalog.load("trainables", name)
    before = trainable(SMALL[name], context).train_epoch()
    training = trainable(SMALL[name], dataclasses.replace(context, final=True))
    after = training.train_epoch()
    assert any(key.startswith("val/") for key in before)
    assert not any(key.startswith(("val/", "test/")) for key in after)
    # Its decision rules are fitted on the validation images, which therefore stay apart.
    assert (after["train/loss"] == before["train/loss"]) == (name == "imbalance")
    assert 0 <= training.test()["test/accuracy"] <= 1
    also_test = dataclasses.replace(context, final=True, test_every_epoch=True)
    assert "test/accuracy" in trainable(SMALL[name], also_test).train_epoch()
