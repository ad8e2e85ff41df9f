"""One linear layer on standardised pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.models.embedding_model import Output

if TYPE_CHECKING:
    from numpy.typing import NDArray


class StandardisedLinear(nn.Module):
    """Logits W z + b of the pixels z = (x - mean) / std, each standardised by itself.

    mean, std: [D], in the unit of x, D = C*H*W; a pixel whose std is 0 never varies and is left out. weight: parameter
    [K, D], normal with deviation init_std, drawn from torch's global generator. bias: parameter [K], zero.
    The standardisation is folded into the layer, W z + b = (W / std) x + (b - W mean / std), so that it costs K*D
    operations a batch and not B*D; gradients are those by W and b.
    Source: linear classifier; the paper's course has W ~ N(0, 0.01^2), b = 0 and this standardisation.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: NDArray[Any], std: NDArray[Any], n_classes: int, *, init_std: float) -> None:
        super().__init__()
        deviation = torch.as_tensor(std, dtype=torch.float64).flatten()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float64).flatten().float())
        self.register_buffer("scale", torch.where(deviation > 0, 1 / deviation, 0.0).float())
        self.weight = nn.Parameter(init_std * torch.randn(n_classes, len(deviation)))
        self.bias = nn.Parameter(torch.zeros(n_classes))

    def forward(self, images: Tensor) -> Output:
        """Images [B, C, H, W] -> their pixels [B, D] as embeddings, and logits [B, K]."""
        pixels = images.flatten(1)
        weight = self.weight * self.scale
        return Output(pixels, functional.linear(pixels, weight, self.bias - (weight * self.mean).sum(1)))
