"""Cross entropy, the loss of the pure baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.checks import check_targets

if TYPE_CHECKING:
    from torch import Tensor


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Negative log-likelihood of the label under softmax(logits), summed over the batch.

    Value: sum_i -log softmax(z_i)[y_i], in nats. A sum, where torch's own default is the mean: so every loss here
    weighs a sample alike, and a scale hardly matters to Adam; with plain SGD divide the learning rate by B.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1) -> scalar.
    Raises ValueError if a shape does not fit. Cost O(B*K).
    Source: moving targets, Table 3 ("Pure uses a cross-entropy loss function").
    """
    if logits.ndim != 2:
        raise ValueError(f"logits must be a matrix, but got shape {tuple(logits.shape)}")
    check_targets(targets, logits.shape[0])
    return functional.cross_entropy(logits, targets, reduction="sum")
