"""The convolutional network of the dynamic-targets paper."""

from __future__ import annotations

from torch import nn

from trainables.models.backbone import Backbone, check_input

ACTIVATIONS: dict[str, type[nn.Module]] = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}


def two_conv(
    in_channels: int,
    image_size: int,
    out_features: int,
    *,
    activation: str = "sigmoid",
    dropout: float = 0.5,
    drop_channels: bool = True,
) -> Backbone:
    """Build two 5 x 5 convolutions (10, 20 channels), each halved by max pooling, and a layer of 50 before the head.

    28 x 28 images give the 320 values that the paper's first linear layer takes; the halving is read from them.
    activation: after both convolutions and the first linear layer; the paper names "sigmoid", "relu" is the other.
    dropout: probability, after the second convolution; not printed. drop_channels: of whole channels, or single values.
    Raises ValueError if in_channels is neither 1 nor 3, image_size is below 16, or an option does not fit.
    Source: dynamic targets, section 4.2.
    """
    check_input(in_channels, image_size, smallest=16)
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, but got {activation!r}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1, but got {dropout}")
    active = ACTIVATIONS[activation]
    side = ((image_size - 4) // 2 - 4) // 2
    # Pooling before the activation: both are monotonic, so the order changes nothing but the number of values.
    steps: list[nn.Module] = [nn.Conv2d(in_channels, 10, 5), nn.MaxPool2d(2), active()]
    steps += [nn.Conv2d(10, 20, 5), (nn.Dropout2d if drop_channels else nn.Dropout)(dropout), nn.MaxPool2d(2), active()]
    steps += [nn.Flatten(), nn.Linear(20 * side**2, 50), active()]
    return Backbone(nn.Sequential(*steps), nn.Linear(50, out_features))
