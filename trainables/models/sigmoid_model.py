"""A network with one output that decides between two classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from trainables.models.embedding_model import Output

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.models.backbone import Backbone


class SigmoidModel(nn.Module):
    """One logit z, written as the two logits (0, z).

    Their softmax is (1 - sigmoid(z), sigmoid(z)) and their cross entropy the binary one, to the last bit's rounding. So
    every loss and rule for K classes serves two as well, and the network is that of a sigmoid output.
    backbone: its out_features is 1. Raises ValueError if it is not.
    """

    class_embeddings: None = None

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        if backbone.head.out_features != 1:
            raise ValueError(f"the backbone must have 1 output, but has {backbone.head.out_features}")
        self.backbone = backbone

    def forward(self, images: Tensor) -> Output:
        """Images [B, C, H, W] -> embeddings [B, F] and logits [B, 2], the first of them 0."""
        features = self.backbone.features(images)
        logit = self.backbone.head(features)
        return Output(features, torch.cat([torch.zeros_like(logit), logit], 1))
