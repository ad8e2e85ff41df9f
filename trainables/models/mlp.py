"""A multilayer perceptron for small images."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from trainables.models.backbone import Backbone, check_input


def mlp(in_channels: int, image_size: int, out_features: int, *, hidden: int = 256, layers: int = 2) -> Backbone:
    """Build `layers` hidden layers of `hidden` ReLU units on the flattened image, and a linear head.

    Raises ValueError if in_channels is neither 1 nor 3, or a size is below 1.
    """
    check_input(in_channels, image_size, smallest=1)
    if hidden < 1 or layers < 1:
        raise ValueError(f"hidden and layers must be at least 1, but got hidden={hidden}, layers={layers}")
    sizes = [in_channels * image_size**2] + [hidden] * layers
    steps: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in pairwise(sizes):
        steps += [nn.Linear(n_in, n_out), nn.ReLU(inplace=True)]
    return Backbone(nn.Sequential(*steps), nn.Linear(hidden, out_features))
