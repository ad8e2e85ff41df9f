"""ResNet18, 50 and 101 of torchvision, with a new head, for grey or RGB images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from trainables.models.backbone import Backbone, check_input
from trainables.models.pretrained import fetch_state, read_state

if TYPE_CHECKING:
    from torch import Tensor


def resnet18(
    in_channels: int, image_size: int, out_features: int, *, pretrained: bool = False, weights: str | None = None
) -> Backbone:
    """Build a ResNet18 with F = 512. See `build_resnet` for the options and errors."""
    return build_resnet("resnet18", in_channels, image_size, out_features, pretrained=pretrained, weights=weights)


def resnet50(
    in_channels: int, image_size: int, out_features: int, *, pretrained: bool = False, weights: str | None = None
) -> Backbone:
    """Build a ResNet50 with F = 2048. See `build_resnet` for the options and errors."""
    return build_resnet("resnet50", in_channels, image_size, out_features, pretrained=pretrained, weights=weights)


def resnet101(
    in_channels: int, image_size: int, out_features: int, *, pretrained: bool = False, weights: str | None = None
) -> Backbone:
    """Build a ResNet101 with F = 2048. See `build_resnet` for the options and errors."""
    return build_resnet("resnet101", in_channels, image_size, out_features, pretrained=pretrained, weights=weights)


def build_resnet(
    name: str,
    in_channels: int,
    image_size: int,
    out_features: int,
    *,
    pretrained: bool,
    weights: str | None,
) -> Backbone:
    """Build a torchvision ResNet whose `fc` is replaced by Linear(F -> out_features).

    pretrained: begin with ImageNet weights, torchvision's IMAGENET1K_V1 (the ones of 2023's `pretrained=True`).
    weights: an absolute path of a file with such weights, instead of torchvision's download.
    For grey images the first convolution is summed over its three input channels: the same function as the RGB
    network on the image repeated three times, for a third of the multiplications.
    Raises ValueError if an argument is out of range, WeightsError if the weights are not to be had or do not fit.
    Source: moving targets, section IV-C.
    """
    check_input(in_channels, image_size, smallest=8)
    if weights is not None and not pretrained:
        raise ValueError(f"weights need pretrained: true, but got pretrained: false and weights: {weights}")
    from torchvision import models

    network: Any = models.get_model(name, weights=None)
    n_features = network.fc.in_features
    network.fc = nn.Identity()
    if pretrained:
        state = fetch_state(name) if weights is None else read_state(weights, expected=network.state_dict())
        network.load_state_dict(state)
    if in_channels == 1:
        network.conv1 = _summed_over_channels(network.conv1)
    return Backbone(network, nn.Linear(n_features, out_features))


def _summed_over_channels(convolution: nn.Conv2d) -> nn.Conv2d:
    weight: Tensor = convolution.weight.detach().sum(1, keepdim=True)
    convolution.in_channels = 1
    convolution.weight = nn.Parameter(weight)
    return convolution
