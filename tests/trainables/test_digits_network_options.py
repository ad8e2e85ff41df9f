"""Which configurations of the digits network are refused, and how."""

import pytest

from trainables.digits_network_options import DigitsNetworkOptions
from trainables.options import OptionsError, read


def wrong(**options):
    with pytest.raises(OptionsError) as error:
        read(DigitsNetworkOptions, {"dataset": "MNIST", **options})
    return str(error.value)


def test_defaults_are_the_papers_network():
    """Oracle: section IV: 784-200-20-10, random initialisation, all images in a step."""
    options = read(DigitsNetworkOptions, {"dataset": "MNIST"})
    assert (options.hidden, options.second_hidden, options.init, options.l2) == (200, 20, "random", 0)
    assert options.batch_size >= 60_000
    assert round(options.validation_fraction * 60_000) == 1000


def test_options_of_the_other_initialisation():
    message = wrong(init="kaiming", init_scale=0.1, init_biases=False, init_distribution="normal")
    for key in ("init_scale", "init_biases", "init_distribution"):
        assert f"{key}: does nothing unless init is random" in message
    assert "kaiming_reading: does nothing unless init is kaiming" in wrong(kaiming_reading="variance")


def test_out_of_range():
    message = wrong(l2=-1.0, lr=0.0, hidden=0, negative_slope=1.5, passes_per_epoch=0, init="xavier")
    for key in ("l2", "lr", "hidden", "negative_slope", "passes_per_epoch"):
        assert f"{key}: must be" in message
    assert "init: must be one of the choices" in message


def test_what_would_do_nothing():
    assert "test_on: must be test where train_size is not given" in wrong(test_on="rest")
    assert "leaky_gradient: must be leaky where negative_slope is 0" in wrong(leaky_gradient="relu", negative_slope=0.0)
    assert "lr_epochs: does nothing unless" in wrong(lr_epochs=3)
    assert "lr_epochs: must be given" in wrong(lr_schedule="step")
