"""Cross entropy of logits to which the classes' frequencies are added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.checks import check_class_counts, check_logits, check_targets, check_weight

if TYPE_CHECKING:
    from torch import Tensor


def logit_adjusted(logits: Tensor, targets: Tensor, class_counts: Tensor, *, tau: float = 1.0) -> Tensor:
    """Cross entropy of logits + tau log(frequency), summed over the batch.

    Value: sum_i -log softmax(z_i + tau log pi)[y_i], pi_c = n_c / N, in nats. The model learns what the frequencies do
    not say already: its own argmax, without them, aims at balanced accuracy. With tau 0 it is cross entropy.
    Shapes: logits [B, K], targets [B] (int64, 0..K-1), class_counts [K] (n_c > 0, of the training set) -> scalar.
    tau: unitless; 1 is what theory asks for. Raises ValueError if a shape does not fit or tau < 0. Cost O(B*K).
    Source: Menon et al., "Long-tail learning via logit adjustment" (2021), equation (10).
    """
    check_logits(logits)
    check_targets(targets, logits.shape[0])
    check_class_counts(class_counts, logits.shape[1])
    check_weight("tau", tau)
    counts = class_counts.to(logits.dtype)
    return functional.cross_entropy(logits + tau * (counts / counts.sum()).log(), targets, reduction="sum")
