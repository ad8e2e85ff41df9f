"""The dynamic-targets network against its layers applied one by one."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from trainables.models.two_conv import two_conv


def layers(backbone):
    convolutions = [m for m in backbone.body if isinstance(m, nn.Conv2d)]
    (linear,) = (m for m in backbone.body if isinstance(m, nn.Linear))
    return *convolutions, linear, backbone.head


@pytest.mark.parametrize(("name", "active"), [("sigmoid", torch.sigmoid), ("relu", torch.relu)])
def test_it_is_the_network_of_section_4_2(name, active):
    """Oracle: section 4.2 layer by layer in evaluation mode: activation, then 2 x 2 pooling; 320 inputs, 50, 10."""
    torch.manual_seed(0)
    backbone = two_conv(1, 28, 10, activation=name).eval()
    first, second, linear, head = layers(backbone)
    assert (linear.in_features, linear.out_features, head.in_features, head.out_features) == (320, 50, 50, 10)
    images = torch.randn(3, 1, 28, 28)
    x = functional.max_pool2d(active(first(images)), 2)
    x = functional.max_pool2d(active(second(x)), 2)
    features = active(linear(x.flatten(1)))
    torch.testing.assert_close(backbone.features(images), features)
    torch.testing.assert_close(backbone(images), head(features))
    assert sum(p.numel() for p in backbone.parameters()) == 260 + 5020 + 16050 + 510


@pytest.mark.parametrize("drop_channels", [True, False])
def test_dropout_follows_the_second_convolution(drop_channels):
    """Oracle: the share of zeros after it; whole channels, or single values."""
    torch.manual_seed(0)
    backbone = two_conv(1, 28, 10, dropout=0.3, drop_channels=drop_channels)
    index = next(i for i, m in enumerate(backbone.body) if isinstance(m, nn.Dropout2d | nn.Dropout))
    assert backbone.body[index - 1] is layers(backbone)[1]
    dropped = backbone.body[: index + 1](torch.randn(200, 1, 28, 28)) == 0
    assert dropped.float().mean().item() == pytest.approx(0.3, abs=0.03)
    whole = dropped.flatten(2).all(2) | ~dropped.flatten(2).any(2)
    assert bool(whole.all()) == drop_channels


@pytest.mark.parametrize(("channels", "size", "inputs"), [(3, 32, 500), (1, 16, 20), (1, 36, 720)])
def test_other_images(channels, size, inputs):
    """Oracle: 20 ((((s - 4) / 2) - 4) / 2)^2 by hand."""
    backbone = two_conv(channels, size, 7)
    assert layers(backbone)[2].in_features == inputs
    assert backbone(torch.randn(2, channels, size, size)).shape == (2, 7)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="activation must be one of sigmoid, relu, but got 'tanh'"):
        two_conv(1, 28, 10, activation="tanh")
    with pytest.raises(ValueError, match="dropout must be at least 0 and below 1, but got 1"):
        two_conv(1, 28, 10, dropout=1.0)
