"""Logits whose errors are multiplied by the softmax's derivative once more."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _TimesSoftmaxDerivative(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor) -> Tensor:
        ctx.save_for_backward(logits)
        return logits.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Tensor:
        (logits,) = ctx.saved_tensors
        outputs = logits.float().softmax(1)
        damped: Tensor = gradients[0] * outputs * (1 - outputs)
        return damped.to(logits.dtype)


def times_softmax_derivative(logits: Tensor) -> Tensor:
    """Return the logits [B, K] as they are; on its way back their gradient is multiplied by a (1 - a).

    a = softmax(logits) [B, K]: the derivative of each output by its own net input. With cross-entropy, whose gradient
    is a - t already, that is the gradient of no loss: an output near 0 or 1 hardly learns, however wrong it is.
    Source: digits network, equation (8), which stands before (9) and is not said to be left out.
    """
    same: Tensor = _TimesSoftmaxDerivative.apply(logits)
    return same
