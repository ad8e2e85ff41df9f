"""A convolutional network for images of 8 x 8 to some 36 x 36 pixels."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from trainables.models.backbone import Backbone, check_input


def small_cnn(in_channels: int, image_size: int, out_features: int, *, width: int = 32) -> Backbone:
    """Build three 3 x 3 convolutions (width, 2 width, 4 width channels), each with batch norm, ReLU and halving.

    The mean over what is left of the image is the penultimate layer, F = 4 width; a linear head follows.
    Raises ValueError if in_channels is neither 1 nor 3, image_size is below 8 or width below 1.
    """
    check_input(in_channels, image_size, smallest=8)
    if width < 1:
        raise ValueError(f"width must be at least 1, but got {width}")
    channels = [in_channels, width, 2 * width, 4 * width]
    steps: list[nn.Module] = []
    for n_in, n_out in pairwise(channels):
        # No bias: batch norm would take it out again.
        steps += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]
        steps += [nn.MaxPool2d(2)]
    steps += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return Backbone(nn.Sequential(*steps), nn.Linear(4 * width, out_features))
