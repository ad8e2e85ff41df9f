"""The imbalance paper's splits on Fashion-MNIST as it lies on disk."""

import numpy as np
import pytest

from trainables.imbalance import Imbalance
from trainables.training import TrialContext, epochs

pytestmark = pytest.mark.data


def test_tops_and_trousers_are_told_apart(data_dir, tmp_path):
    """Oracle: the paper's 99% and more with all images; always guessing tops gives 90%."""
    context = TrialContext(seed=1, data_dir=data_dir, cache_dir=tmp_path)
    config = {"dataset": "FashionMNIST", "split": "tops_trousers_90_10", "total": 2000, "batch_size": 32}
    trial = Imbalance(config, context)
    images = trial._images
    assert images.classes == ("T-shirt/top", "Trouser")
    assert np.bincount(images.test.labels[images.indices["test"]]).tolist() == [1000, 111]
    result = list(epochs(trial, last=2))[-1]
    assert result["val/accuracy/tuned"] > 0.95
    assert trial.test()["test/accuracy/tuned"] > 0.95
