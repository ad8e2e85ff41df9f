"""A leaky ReLU that is differentiated as if it were a plain one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _LeakyReluWithReluGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, negative_slope: float) -> Tensor:
        ctx.save_for_backward(x)
        return torch.nn.functional.leaky_relu(x, negative_slope)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return gradients[0] * (x >= 0), None


def leaky_relu_with_relu_gradient(x: Tensor, negative_slope: float) -> Tensor:
    """Return x where x >= 0, else negative_slope * x; its gradient is 1 where x >= 0, else 0, not the slope.

    So negative inputs still go forward, but nothing is learned from them. Any shape.
    Source: digits network, equations (3) and (10): the errors of the leaky layer are sent back through equation (2).
    """
    y: Tensor = _LeakyReluWithReluGradient.apply(x, negative_slope)
    return y
