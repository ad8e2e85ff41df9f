"""A split's pixels on the device that trains, copied once per process."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from trainables.data.prepared import Split

# A trial needs the rest of the memory for its model, and other trials may share the device.
_LARGEST_SHARE = 0.25
_copies: WeakKeyDictionary[Split, dict[torch.device, Tensor]] = WeakKeyDictionary()


def pixels_on(split: Split, device: torch.device) -> Tensor | None:
    """The split's images, uint8 [N, C, H, W] on a CUDA `device`, or None where they do not fit or it is no CUDA one.

    They fit if they need at most a quarter of the memory that is free now. A copy lives as long as its split.
    """
    if device.type != "cuda":
        return None
    copies = _copies.setdefault(split, {})
    if device not in copies:
        free_bytes, _ = torch.cuda.mem_get_info(device)
        if split.images.nbytes > _LARGEST_SHARE * free_bytes:
            return None
        # A copy in memory first: torch warns of arrays that are mapped read-only.
        copies[device] = torch.from_numpy(np.array(split.images)).to(device)
    return copies[device]
