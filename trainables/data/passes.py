"""Several passes over the same images, for an epoch of more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from trainables.data.batches import Batches


class Passes:
    """Iterates over `batches` `n` times.

    A single batch that never changes (full-batch descent: the same images in the same order) is made once and kept, so
    that a pass costs no conversion; 4 bytes a pixel, or 2. varies: whether a pass differs from the one before, by its
    order or by augmentation. kept_as: what a kept batch is rounded to; with autocast, that to which it would be rounded
    at each pass. Raises ValueError for n below 1.
    """

    def __init__(self, batches: Batches, n: int, *, varies: bool, kept_as: torch.dtype = torch.float32) -> None:
        if n < 1:
            raise ValueError(f"n must be at least 1, but got {n}")
        self._batches = batches
        self._n = n
        self._kept_as = kept_as
        self._keep = len(batches) == 1 and not varies
        self._kept: list[tuple[Tensor, Tensor]] = []

    @property
    def n_images(self) -> int:
        """Images that one iteration yields, those of every pass counted."""
        return self._n * self._batches.n_images

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if self._keep and not self._kept:
            self._kept = [(images.to(self._kept_as), labels) for images, labels in self._batches]
        for _ in range(self._n):
            yield from self._kept or self._batches
