"""Collects a split's embeddings while it is evaluated batch by batch."""

from __future__ import annotations

import torch
from torch import Tensor


class EmbeddingStore:
    """Keeps batches of tensors in arrays as long as the split, allocated once at the first batch.

    Medians need all embeddings at once: 12,000 x 2,048 in float32 are 98 MB, held on the embeddings' own device.
    """

    def __init__(self, n_samples: int) -> None:
        self._n_samples = n_samples
        self._filled = 0
        self._arrays: dict[str, Tensor] = {}

    @torch.no_grad()
    def add(self, **batch: Tensor) -> None:
        """Append a batch of named tensors [B, ...], the same names each time (embeddings=..., labels=...).

        Half-precision tensors are kept as float32. Raises ValueError for other names, sizes that differ, or more
        samples than announced.
        """
        sizes = {tensor.shape[0] for tensor in batch.values()}
        if len(sizes) != 1:
            raise ValueError(f"a batch needs tensors of one length, but got {sorted(sizes)}")
        end = self._filled + sizes.pop()
        if end > self._n_samples:
            raise ValueError(f"{self._n_samples} samples were announced, but got {end}")
        if not self._arrays:
            self._arrays = {name: self._allocate(tensor) for name, tensor in batch.items()}
        if batch.keys() != self._arrays.keys():
            raise ValueError(f"each batch must have {', '.join(self._arrays)}, but got {', '.join(batch)}")
        for name, tensor in batch.items():
            self._arrays[name][self._filled : end] = tensor
        self._filled = end

    def __getitem__(self, name: str) -> Tensor:
        """The rows collected so far, [n, ...]. Raises KeyError for a name that no batch had."""
        return self._arrays[name][: self._filled]

    def _allocate(self, like: Tensor) -> Tensor:
        dtype = torch.float32 if like.dtype in (torch.float16, torch.bfloat16) else like.dtype
        return torch.empty(self._n_samples, *like.shape[1:], dtype=dtype, device=like.device)
