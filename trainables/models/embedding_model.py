"""The two models of the paper behind one interface: with class embeddings, and pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from trainables.models.backbone import Backbone


class Output(NamedTuple):
    """What a model says of a batch. embeddings: [B, D]. logits: [B, K], None without a linear classifier."""

    embeddings: Tensor
    logits: Tensor | None


class EmbeddingModel(nn.Module):
    """A backbone that puts out embeddings, and a learned embedding for each class beside it.

    backbone: its out_features is the dimension D of the space. class_embeddings: parameter [K, D].
    Class embeddings begin at standard normal values, as torch.nn.Embedding's do: the paper says "random" and no more.
    Any two of them are then about sqrt(2 D) apart, well beyond the spread of a fresh head's outputs, so that no two
    classes begin as one. They are drawn from torch's global generator.
    Source: moving targets, section III and Figure 1.
    """

    def __init__(self, backbone: Backbone, n_classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.class_embeddings = nn.Parameter(torch.randn(n_classes, backbone.head.out_features))

    def forward(self, images: Tensor) -> Output:
        """Images [B, C, H, W] -> embeddings [B, D]."""
        return Output(self.backbone(images), None)


class PureModel(nn.Module):
    """The unchanged network with a linear classifier; its penultimate output serves as the embedding.

    backbone: its out_features is the number of classes K.
    Source: moving targets, section IV-C ("pure").
    """

    class_embeddings: None = None

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, images: Tensor) -> Output:
        """Images [B, C, H, W] -> embeddings [B, F] and logits [B, K]."""
        features = self.backbone.features(images)
        return Output(features, self.backbone.head(features))
