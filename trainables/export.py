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
        self.network = _frozen(network)
        mean_, scale = _constants(mean, std)
        self.register_buffer("mean", mean_)
        self.register_buffer("scale", scale)
        self.register_buffer("centres", references.centres.detach().cpu().clone())
        self._rule = rule
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Score a batch: uint8 [B, C, H, W] -> [B, K], higher is likelier."""
        output = self.network((images.float() - self.mean) * self.scale)
        features = Features(output.embeddings, torch.empty(0), output.logits)
        class_embeddings: Any = self.network.class_embeddings
        return References(self.centres, class_embeddings).scores(self._rule, features)


class LogitModel(nn.Module):
    """Normalises prepared images and puts out the logits of the network's own linear classifier, in float32.

    Arguments as for `ScoringModel`. Raises ValueError where it is applied if the network has no logits.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, network: nn.Module, *, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = _frozen(network)
        mean_, scale = _constants(mean, std)
        self.register_buffer("mean", mean_)
        self.register_buffer("scale", scale)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Score a batch: uint8 [B, C, H, W] -> [B, K], higher is likelier."""
        logits: Tensor | None = self.network((images.float() - self.mean) * self.scale).logits
        if logits is None:
            raise ValueError("a network to export by its logits must have them, but it has none")
        return logits


def _frozen(network: nn.Module) -> nn.Module:
    """A copy on the CPU that no gradient reaches."""
    copied = copy.deepcopy(network).cpu().to(memory_format=torch.contiguous_format)
    return copied.requires_grad_(requires_grad=False)


def _constants(mean: Sequence[float], std: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Mean and scale [C, 1, 1], to the last bit those of the training's batches: subtract, then multiply."""
    scale = (1 / torch.tensor(std, dtype=torch.float64)).float()
    return torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), scale.view(-1, 1, 1)
