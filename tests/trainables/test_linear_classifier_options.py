"""What a linear-classifier configuration may hold, and what is refused with which words."""

import re

import pytest

from trainables.data.errors import DataError
from trainables.linear_classifier import LinearClassifier
from trainables.linear_classifier_options import LinearClassifierOptions
from trainables.options import OptionsError, describe, read
from trainables.training import TrialContext

GOOD = [
    {},
    {"loss": "multiple_binary_cross_entropy", "l2": 1},
    {"lr_schedule": "step", "lr_epochs": 10, "flip": "once", "standardisation": "channel"},
    {"refit_after": 40, "measure_train": False, "init_std": 0},
]
BAD = [
    ({"loss": "euclidean"}, {"loss": r"must be a function of \(logits, targets\).*multiple_binary_cross_entropy"}),
    ({"lr_schedule": "step"}, {"lr_epochs": r"must be given \(needed by lr_schedule: step\)"}),
    ({"lr_epochs": 3}, {"lr_epochs": "does nothing unless lr_schedule is cosine or step"}),
    ({"l2": -0.1, "refit_after": 0}, {"l2": "must be at least 0", "refit_after": "must be at least 1"}),
    ({"flip": "twice"}, {"flip": "must be true or false or one of 'once'"}),
    ({"standardisation": "image"}, {"standardisation": "must be one of the choices"}),
    ({"backbone": "mlp"}, {"backbone": "must be a known option"}),
]


@pytest.mark.parametrize("options", GOOD)
def test_a_good_configuration_is_read(options):
    read(LinearClassifierOptions, {"dataset": "CIFAR10", **options})


@pytest.mark.parametrize(("options", "expected"), BAD)
def test_all_mistakes_are_named_at_once(options, expected):
    """Oracle: the keys by hand, one complaint each and no other."""
    with pytest.raises(OptionsError) as caught:
        read(LinearClassifierOptions, {"dataset": "CIFAR10", **options})
    complaints = {complaint.key: str(complaint) for complaint in caught.value.complaints}
    assert complaints.keys() == expected.keys()
    for key, words in expected.items():
        assert re.search(words, complaints[key]), complaints[key]


def test_the_defaults_are_the_papers():
    """Oracle: what the paper prints (batch 100, rate 0.001) and its course sets (N(0, 0.01^2), 1,000 to validate)."""
    options = read(LinearClassifierOptions, {"dataset": "CIFAR10"})
    assert (options.batch_size, options.lr, options.init_std, options.l2) == (100, 0.001, 0.01, 0)
    assert round(options.validation_fraction * 50_000) == 1000
    assert all(info.help for info in describe(LinearClassifierOptions))


def test_a_training_size_beyond_the_data_is_told_before_training(tmp_path):
    context = TrialContext(seed=1, data_dir=tmp_path, cache_dir=tmp_path)
    with pytest.raises(DataError, match="train_size must be between 1 and the 1408 training samples, but got 5000"):
        LinearClassifier.prepare({"dataset": "digits", "train_size": 5000}, context)
