"""The small convolutional network of the imbalance paper."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from trainables.models.backbone import Backbone, check_input

CHANNELS = (64, 32, 32)
HIDDEN = 100
PADDINGS = {"valid": 22, "same": 8}  # the smallest image of which three halvings leave a pixel


def imbalance_cnn(in_channels: int, image_size: int, out_features: int, *, padding: str = "valid") -> Backbone:
    """Build three 3 x 3 convolutions (64, 32, 32 channels), each with ReLU and 2 x 2 max pooling, and a layer of 100.

    A linear head follows the 100 units, whose ReLU is Keras users' habit and not printed. padding: "valid", Keras's
    default, leaves 1 x 1 x 32 of a 28 x 28 image, "same" 3 x 3 x 32; which one is not printed. Weights begin as Keras
    begins them: Glorot uniform, biases 0.
    Raises ValueError if in_channels is neither 1 nor 3, padding is another word or image_size is too small for it.
    Source: imbalance paper, "CNN Architecture".
    """
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {', '.join(PADDINGS)}, but got {padding!r}")
    check_input(in_channels, image_size, smallest=PADDINGS[padding])
    margin = 1 if padding == "same" else 0
    steps: list[nn.Module] = []
    size = image_size
    for n_in, n_out in pairwise((in_channels, *CHANNELS)):
        # Pooling first gives the same numbers, for ReLU keeps the order, with a quarter of the work.
        steps += [nn.Conv2d(n_in, n_out, 3, padding=margin), nn.MaxPool2d(2), nn.ReLU(inplace=True)]
        size = (size - 2 + 2 * margin) // 2
    steps += [nn.Flatten(), nn.Linear(CHANNELS[-1] * size**2, HIDDEN), nn.ReLU(inplace=True)]
    backbone = Backbone(nn.Sequential(*steps), nn.Linear(HIDDEN, out_features))
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # both kinds have one here
    return backbone
