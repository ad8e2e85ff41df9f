"""Class centres: the mean embedding of each class, in one pass over batches."""

from __future__ import annotations

import torch
from torch import Tensor


class ClassCentres:
    """Adds up embeddings by class, batch after batch.

    Sums are kept in float64 (float32 on MPS, which has no doubles): thousands of float32 embeddings lose nothing, and
    a sample more or less does not disturb the others' digits. The order of addition is fixed on every device.
    Source: moving targets, section III-B, G.
    """

    def __init__(self, n_classes: int, dimension: int, *, device: torch.device | str = "cpu") -> None:
        dtype = torch.float32 if torch.device(device).type == "mps" else torch.float64
        self._sums = torch.zeros(n_classes, dimension, dtype=dtype, device=device)
        self._counts = torch.zeros(n_classes, dtype=torch.int64, device=device)

    @property
    def counts(self) -> Tensor:
        """Samples seen of each class: [K] int64."""
        return self._counts

    @torch.no_grad()
    def add(self, embeddings: Tensor, labels: Tensor) -> None:
        """Take one batch: embeddings [B, D], labels [B] (int64, 0..K-1). Raises ValueError if they do not fit."""
        n_classes, dimension = self._sums.shape
        if embeddings.ndim != 2 or embeddings.shape[1] != dimension or labels.shape != embeddings.shape[:1]:
            raise ValueError(
                f"embeddings [B, {dimension}] and labels [B] must agree, "
                f"but got {tuple(embeddings.shape)} and {tuple(labels.shape)}"
            )
        if self._sums.device.type == "cpu":
            self._sums.index_add_(0, labels, embeddings.to(self._sums.dtype))
            self._counts += torch.bincount(labels, minlength=n_classes)
            return
        # index_add_ adds in any order on a GPU; a product with the one-hot labels is as fast and repeatable.
        member = labels[:, None] == torch.arange(n_classes, device=labels.device)  # [B, K]
        with torch.autocast(embeddings.device.type, enabled=False):
            self._sums += member.T.to(self._sums.dtype) @ embeddings.to(self._sums.dtype)
        self._counts += member.sum(0)

    def centres(self) -> Tensor:
        """The means so far: [K, D] float32, rows of NaN for classes that were not seen."""
        return (self._sums / self._counts[:, None]).float()


def class_centres(embeddings: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    """Mean embedding of each class.

    Shapes: embeddings [N, D], labels [N] (int64, 0..K-1) -> [K, D] float32, rows of NaN for absent classes.
    Raises ValueError if they do not fit. Source: moving targets, section III-B, G.
    """
    total = ClassCentres(n_classes, embeddings.shape[-1], device=embeddings.device)
    total.add(embeddings, labels)
    return total.centres()
