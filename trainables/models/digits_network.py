"""Two or three fully connected layers with a leaky ReLU and a tanh between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.models.embedding_model import Output
from trainables.models.leaky_relu import leaky_relu_with_relu_gradient
from trainables.models.softmax_derivative import times_softmax_derivative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Draw = Callable[[nn.Linear], None]


class DigitsNetwork(nn.Module):
    """Pixels -> leaky ReLU -> tanh -> logits; without `second_hidden`, pixels -> leaky ReLU -> logits.

    hidden, second_hidden: widths. negative_slope: alpha of equation (3), 0 is plain ReLU. relu_gradient: send back the
    gradient of plain ReLU through the leaky one, as equation (10) does. damped_output: multiply the gradient that comes
    from the loss with the softmax's own derivative, equation (8). draw: fills each layer's weights and biases,
    from torch's global generator. Softmax is the loss's part.
    Source: digits network, section IV.
    """

    def __init__(
        self,
        n_pixels: int,
        n_classes: int,
        *,
        hidden: int = 200,
        second_hidden: int | None = 20,
        negative_slope: float = 0.01,
        relu_gradient: bool = False,
        damped_output: bool = False,
        draw: Draw,
    ) -> None:
        super().__init__()
        width = hidden if second_hidden is None else second_hidden
        self.first = nn.Linear(n_pixels, hidden)
        self.second = None if second_hidden is None else nn.Linear(hidden, second_hidden)
        self.head = nn.Linear(width, n_classes)
        self._slope = negative_slope
        self._relu_gradient = relu_gradient
        self._damped_output = damped_output
        for layer in self.layers():
            draw(layer)

    def layers(self) -> Iterator[nn.Linear]:
        """The fully connected layers, the first one first."""
        yield from (layer for layer in (self.first, self.second, self.head) if layer is not None)

    def squared_weights(self) -> Tensor:
        """The sum of all squared weights, biases not counted: a scalar."""
        return torch.stack([layer.weight.square().sum() for layer in self.layers()]).sum()

    def forward(self, images: Tensor) -> Output:
        """Images [B, C, H, W] -> last hidden layer [B, 20] as embeddings, and logits [B, K]."""
        before = self.first(images.flatten(1))
        if self._relu_gradient:
            hidden = leaky_relu_with_relu_gradient(before, self._slope)
        else:
            hidden = functional.leaky_relu(before, self._slope)
        if self.second is not None:
            hidden = torch.tanh(self.second(hidden))
        logits = self.head(hidden)
        return Output(hidden, times_softmax_derivative(logits) if self._damped_output else logits)


@torch.no_grad()
def kaiming(layer: nn.Linear, *, reading: str) -> None:
    """Fill weights from N(0, sqrt(2 / fan_in)) and biases with zero.

    reading: sqrt(2 / fan_in) is the "deviation", as He et al. have it, or the "variance", as the notation N(mean,
    variance) reads: deviation (2 / fan_in)^(1/4). The paper does not say what biases begin with.
    Source: digits network, equation (16). Raises ValueError for another reading.
    """
    if reading not in ("deviation", "variance"):
        raise ValueError(f"reading must be deviation or variance, but got {reading!r}")
    printed = math.sqrt(2 / layer.in_features)
    layer.weight.normal_(0, printed if reading == "deviation" else math.sqrt(printed))
    layer.bias.zero_()


@torch.no_grad()
def random(layer: nn.Linear, *, distribution: str, scale: float, biases: bool) -> None:
    """Fill weights, and with `biases` biases too (else zero), whatever the layer's width.

    distribution: "uniform" in [-scale, scale], or "normal" of deviation `scale`. The paper says "random" and no more.
    Raises ValueError for another distribution.
    """
    for parameter in (layer.weight, layer.bias):
        if parameter is layer.bias and not biases:
            parameter.zero_()
        elif distribution == "uniform":
            parameter.uniform_(-scale, scale)
        elif distribution == "normal":
            parameter.normal_(0, scale)
        else:
            raise ValueError(f"distribution must be uniform or normal, but got {distribution!r}")
