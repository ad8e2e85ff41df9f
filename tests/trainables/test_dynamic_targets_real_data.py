"""Dynamic targets on MNIST as it lies on disk, by the paper's network."""

import pytest

from trainables.dynamic_targets import DynamicTargets
from trainables.training import TrialContext, epochs


@pytest.mark.data
def test_a_tenth_of_mnist_is_learned_and_targets_follow(data_dir, tmp_path):
    """Oracle: chance is 0.1; no image is nearest to a target of length 3, so upright classes alone are found."""
    context = TrialContext(seed=1, data_dir=data_dir, cache_dir=tmp_path)
    base = {"dataset": "MNIST", "reduction": "sum", "train_size": 6000, "validation_fraction": 0.02}
    one_hot = DynamicTargets(base | {"strategy": "one_hot"}, context)
    assert list(epochs(one_hot, last=5))[-1]["val/accuracy"] > 0.8
    options = {"strategy": "mean_nudge", "adjustment": "sigma_spacing", "scaling_factor": 100, "sigma_axes": "samples"}
    spaced = list(epochs(DynamicTargets(base | options, context), last=2))[-1]
    values = [(spaced[f"targets/class_value/{k}"], spaced[f"targets/non_class_value/{k}"]) for k in range(10)]
    assert set(values) == {(1, 0), (0, 1)}
    assert spaced["val/accuracy"] <= 0.03 + sum(c > other for c, other in values) / 10
