"""Squared Euclidean distances between two sets of points, careful about float32 and about autocast."""

from __future__ import annotations

import torch
from torch import Tensor

# Up to this many differences (1 MiB in float32) are formed one by one; ten classes of any printed dimension fit.
# Beyond it a matrix product is several times faster.
MAX_DIRECT = 1 << 18


def squared_distances(points: Tensor, others: Tensor) -> Tensor:
    """|points_i - others_j|^2 for every pair, never negative.

    Shapes: points [N, D], others [M, D] -> [N, M], at least float32 whatever the autocast mode.
    Small problems subtract first, which is exact to rounding. Large ones expand the square around the mean of
    `others`: distances do not depend on the origin, but cancellation does, so what remains is a relative error
    against the spread of the points, not against how far away from the origin they lie.
    Rows of `others` with NaN give NaN columns and disturb no other column.
    """
    with torch.autocast(points.device.type, enabled=False):
        points, others = at_least_float32(points), at_least_float32(others)
        # An exported program serves batches of any size: it must not depend on which side of the limit one lies.
        small = not torch.compiler.is_exporting() and points.shape[0] * others.numel() <= MAX_DIRECT
        if small:
            return (points[:, None] - others[None]).square().sum(-1)
        origin = others.detach().nanmean(0)
        points, others = points - origin, others - origin
        product = points @ others.T
        squares = points.square().sum(1)[:, None] + others.square().sum(1)[None]
        return (squares - 2 * product).clamp_min(0)


def at_least_float32(values: Tensor) -> Tensor:
    """The values in float32 if they are of a half precision, else as they are."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
