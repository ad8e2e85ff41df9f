"""A trained model and its target values as one module: from raw pixels to the scores of its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from trainables.export import LogitModel
    from trainables.targets.classification import Rule


class TargetModel(nn.Module):
    """Scores prepared images uint8 [B, C, H, W] by a rule: [B, K], higher is likelier. target_vectors: [K, K]."""

    target_vectors: Tensor

    def __init__(self, logits: LogitModel, rule: Rule, target_vectors: Tensor) -> None:
        super().__init__()
        self.logits = logits
        self.register_buffer("target_vectors", target_vectors.detach().cpu().clone())
        self._rule = rule
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Score a batch."""
        return self._rule(self.logits(images).softmax(1), self.target_vectors)
