"""How often the highest score is the label's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def n_correct(scores: Tensor, labels: Tensor) -> Tensor:
    """Number of samples whose highest score is their label's; the first of equal scores counts.

    Shapes: scores [N, K], labels [N] -> scalar int64 on their device, so that batches add up without waiting for it.
    Raises ValueError if the numbers of samples differ.
    """
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ValueError(
            f"scores [N, K] and labels [N] must agree, but got {tuple(scores.shape)}, {tuple(labels.shape)}"
        )
    return (scores.argmax(1) == labels).sum()


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Share of samples whose highest score is their label's, in [0, 1].

    Shapes: scores [N, K], labels [N]. Raises ValueError without samples, or if their numbers differ.
    """
    if labels.numel() == 0:
        raise ValueError("accuracy needs at least one sample")
    return int(n_correct(scores, labels)) / labels.numel()
