"""Memory for batches on the CPU, used again as soon as nobody holds what was in it."""

from __future__ import annotations

from weakref import ReferenceType, ref

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# A loop holds its last batch while the next is made, so two alternate. Beyond these, somebody keeps batches.
_N_KEPT = 2


class Buffers:
    """Hands out float32 tensors of up to `shape` that share no memory with any that is still alive.

    Fresh memory costs three times as much as what is written to it: the system clears every page first.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        # A buffer, and the array through which the tensor handed out last holds it: that array lives exactly as long
        # as the tensor, its views and what autograd saved of them.
        self._kept: list[tuple[NDArray[np.float32], ReferenceType[NDArray[np.float32]]]] = []

    def take(self, rows: int) -> Tensor:
        """An uninitialised tensor of `rows` (at most shape[0]) rows."""
        for position, (buffer, holder) in enumerate(self._kept):
            if holder() is None:
                view = buffer[:rows]
                self._kept[position] = (buffer, ref(view))
                return torch.from_numpy(view)
        buffer = np.empty(self._shape, dtype=np.float32)
        view = buffer[:rows]
        if len(self._kept) < _N_KEPT:
            self._kept.append((buffer, ref(view)))
        return torch.from_numpy(view)
