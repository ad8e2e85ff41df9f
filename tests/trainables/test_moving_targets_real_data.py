"""Moving targets on Fashion-MNIST as it lies on disk, with the paper's transform."""

import os
from pathlib import Path

import pytest
import torch

from trainables.moving_targets import MovingTargets
from trainables.training import TrialContext, epochs

DATA = os.environ.get("TUNER_DATA")
pytestmark = [pytest.mark.data, pytest.mark.skipif(not DATA, reason="needs TUNER_DATA, the folder of the data sets")]


def test_fashion_mnist_is_learned_and_exported(tmp_path):
    """Oracle: chance is 0.1; the exported module predicts the recorded accuracy."""
    context = TrialContext(seed=1, data_dir=Path(DATA).absolute(), cache_dir=tmp_path)
    config = {
        "dataset": "FashionMNIST",
        "backbone": "mlp",
        "loss": "euclidean",
        "embedding_dim": 64,
        "train_size": 3000,
    }
    training = MovingTargets(config, context)
    result = list(epochs(training, last=2))[-1]
    assert training._images.data.shape == (1, 36, 36)
    assert result["val/accuracy"] > 0.75
    assert training.test()["test/accuracy"] > 0.75
    split, indices = training._images.split("val")
    scores = training.export().module(torch.from_numpy(split.images[indices]))
    share = (scores.argmax(1).numpy() == split.labels[indices]).mean()
    assert share == pytest.approx(result["val/accuracy"], abs=1e-9)
