"""Batches as slices of resident memory: no worker processes, no per-image work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainables.data.augment import Augment
from trainables.data.buffers import Buffers
from trainables.data.prepared import Split
from trainables.data.resident import pixels_on

# Several batches are gathered and normalised at once, to pay the calls once: as many as stay in a core's cache,
# more where every call is a kernel launch.
_CPU_CHUNK_BYTES = 2**20
_DEVICE_CHUNK_BYTES = 2**25


class Batches:
    """Iterates over (x, y): x float32 [B, C, H, W] normalised, y int64 [B], both on `device`.

    indices: positions in the split, all if None. mean, std: per channel on the 0-255 scale, as DataSet has them; 0 and
    1 leave the pixels 0..255 as they are, and take no time.
    generator: a CPU generator; if given, each pass is in a new random order, and everything random of a pass is
    drawn when it starts, so that the generator's state between passes is all that a checkpoint needs.
    augment: random flips and crops, needs a generator. drop_last: leave out a last batch that is not full.
    A batch is a view of a larger tensor whose memory is not used again while it lives: it may be kept and written to.
    Raises ValueError when an argument does not fit.
    """

    def __init__(
        self,
        split: Split,
        indices: NDArray[np.int64] | None = None,
        *,
        batch_size: int,
        device: str | torch.device,
        mean: Sequence[float],
        std: Sequence[float],
        generator: torch.Generator | None = None,
        augment: Augment | None = None,
        drop_last: bool = False,
    ) -> None:
        self._split = split
        self._indices = np.arange(len(split)) if indices is None else np.asarray(indices, dtype=np.int64)
        _check(split, self._indices, batch_size=batch_size, mean=mean, std=std)
        if augment is not None and generator is None:
            raise ValueError("augment needs a generator")
        self._batch_size = batch_size
        self._device = torch.device(device)
        self._mean = torch.tensor(mean, dtype=torch.float32, device=self._device).view(-1, 1, 1)
        self._scale = (1 / torch.tensor(std, dtype=torch.float64)).float().to(self._device).view(-1, 1, 1)
        self._normalised = any(mean) or any(value != 1 for value in std)
        self._generator = generator
        self._augment = augment
        n_whole = len(self._indices) - len(self._indices) % batch_size
        self._n_used = n_whole if drop_last else len(self._indices)
        if self._n_used == 0:
            raise ValueError(f"drop_last leaves no batch of {batch_size} from {len(self._indices)} images")

    def __len__(self) -> int:
        return -(-self._n_used // self._batch_size)

    @property
    def n_images(self) -> int:
        """Images that one pass yields."""
        return self._n_used

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = self._indices
        if self._generator is not None:
            order = order[torch.randperm(len(order), generator=self._generator).numpy()]
        order = order[: self._n_used]
        draws = None
        if self._augment is not None and self._generator is not None:
            draws = self._augment.draw(len(order), self._generator).to(self._device)
        targets = torch.from_numpy(np.take(np.asarray(self._split.labels), order)).to(self._device)
        rows = self._chunk_rows()
        buffers = Buffers((rows, *self._split.images.shape[1:])) if self._device.type == "cpu" else None
        start = 0
        for pixels in self._chunks(order, rows):
            stop = start + len(pixels)
            if self._augment is not None and draws is not None:
                pixels = self._augment(pixels, draws[start:stop])
            x = self._floats(pixels, buffers)
            if self._normalised:
                x.sub_(self._mean).mul_(self._scale)
            yield from zip(*(torch.split(part, self._batch_size) for part in (x, targets[start:stop])), strict=True)
            start = stop

    def _chunk_rows(self) -> int:
        """Images in a chunk: a whole number of batches."""
        limit = _CPU_CHUNK_BYTES if self._device.type == "cpu" else _DEVICE_CHUNK_BYTES
        batch_bytes = 4 * self._batch_size * int(np.prod(self._split.images.shape[1:]))
        return self._batch_size * min(len(self), max(1, limit // batch_bytes))

    def _floats(self, pixels: Tensor, buffers: Buffers | None) -> Tensor:
        return pixels.to(torch.float32) if buffers is None else buffers.take(len(pixels)).copy_(pixels)

    def _chunks(self, order: NDArray[np.int64], rows: int) -> Iterator[Tensor]:
        """The images in `order`, uint8 on the device, `rows` at a time; on a CPU valid until the next is asked for."""
        resident = pixels_on(self._split, self._device)
        if resident is not None:
            for part in torch.split(torch.from_numpy(order).to(self._device), rows):
                yield resident.index_select(0, part)
            return
        images = np.asarray(self._split.images)
        gathered = np.empty((rows, *images.shape[1:]), dtype=np.uint8)
        for start in range(0, len(order), rows):
            positions = order[start : start + rows]
            # With "clip" numpy writes straight into `out`; the indices have been checked.
            pixels = torch.from_numpy(np.take(images, positions, axis=0, out=gathered[: len(positions)], mode="clip"))
            if self._device.type == "cpu":
                yield pixels
            elif self._device.type == "cuda":
                # torch's pinned allocator does not hand the buffer out again before the copy is done
                yield pixels.pin_memory().to(self._device, non_blocking=True)
            else:
                yield pixels.to(self._device)


def _check(
    split: Split, indices: NDArray[np.int64], *, batch_size: int, mean: Sequence[float], std: Sequence[float]
) -> None:
    channels = split.images.shape[1]
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, but got {batch_size}")
    if indices.ndim != 1 or len(indices) == 0:
        raise ValueError(f"indices must be a list of one or more, but got shape {indices.shape}")
    if indices.min() < 0 or indices.max() >= len(split):
        raise ValueError(f"indices must lie in 0..{len(split) - 1}, but got {indices.min()}..{indices.max()}")
    if len(mean) != channels or len(std) != channels or min(std) <= 0:
        raise ValueError(f"mean and std > 0 must have {channels} values, but got mean={mean}, std={std}")
