"""Runs a model where and how a trial asks for: device, precision, memory layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from trainables.models.embedding_model import Output

if TYPE_CHECKING:
    from torch import Tensor

PRECISIONS = ("fp32", "bf16")


class Execution:
    """Moves `model` to `device` and applies it there; its outputs are float32 whatever the precision.

    precision: "fp32", or "bf16" for autocast, where weights, losses, centres and scores stay in float32.
    On CUDA cuDNN is held to its deterministic kernels, for the sake of one seed, one result.
    Raises ValueError for another precision.
    """

    def __init__(self, model: nn.Module, *, device: str, precision: str) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, but got {precision!r}")
        self.device = torch.device(device)
        self.model = model.to(self.device)
        self._autocast = precision == "bf16"
        self._format = torch.channels_last if _prefers_channels_last(model, self.device) else torch.contiguous_format
        self.model.to(memory_format=self._format)
        if self.device.type == "cuda":
            torch.backends.cudnn.deterministic = True

    def __call__(self, images: Tensor) -> Output:
        """Apply the model: images float32 [B, C, H, W] on the device -> Output in float32."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._autocast):
            output: Output = self.model(images.contiguous(memory_format=self._format))
        logits = None if output.logits is None else output.logits.float()
        return Output(output.embeddings.float(), logits)

    def wait(self) -> None:
        """Wait until the device has done all it was given, so that a clock read next tells the truth."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()


def _prefers_channels_last(model: nn.Module, device: torch.device) -> bool:
    """Which memory layout is faster, by what was measured with batches of 64 on one core.

    Max pooling is slow in the contiguous layout: the small CNN, which pools after each convolution, takes 1.6 times
    as long to train and twice as long to evaluate. ResNets, which pool once, are a tenth to a third faster in it.
    """
    n_convolutions = sum(isinstance(module, nn.Conv2d) for module in model.modules())
    n_poolings = sum(isinstance(module, nn.MaxPool2d) for module in model.modules())
    if device.type == "cuda":
        return n_convolutions > 0
    return device.type == "cpu" and 2 * n_poolings >= n_convolutions > 0
