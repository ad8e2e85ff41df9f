"""A trained model as one module: from raw pixels to the scores of its decision rule."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from trainables.evaluation import Features, References

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.decision_rules.scoring import DecisionRule


class ScoringModel(nn.Module):
    """Normalises prepared images, embeds them and scores the classes, in float32.

    network: maps normalised images to an Output; copied, moved to the CPU and set to evaluation mode.
    mean, std: per channel on the 0-255 scale.
    """

    mean: Tensor
    scale: Tensor
    centres: Tensor

    def __init__(
        self,
        network: nn.Module,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        rule: DecisionRule,
        references: References,
    ) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).cpu().to(memory_format=torch.contiguous_format)
        self.network.requires_grad_(requires_grad=False)
        # As the training's batches compute it, to the last bit: subtract, then multiply.
        scale = (1 / torch.tensor(std, dtype=torch.float64)).float()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1))
        self.register_buffer("scale", scale.view(-1, 1, 1))
        self.register_buffer("centres", references.centres.detach().cpu().clone())
        self._rule = rule
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Score a batch: uint8 [B, C, H, W] -> [B, K], higher is likelier."""
        output = self.network((images.float() - self.mean) * self.scale)
        features = Features(output.embeddings, torch.empty(0), output.logits)
        class_embeddings: Any = self.network.class_embeddings
        return References(self.centres, class_embeddings).scores(self._rule, features)
