"""A loss over a plane of the embedding space: what one embedding, or one class embedding, costs where it lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The loss of a batch: embeddings [B, D], labels [B], class embeddings [K, D] -> scalar.
PointLoss = Callable[[Tensor, Tensor, Tensor], Tensor]

POINTS = 41  # along each axis
MARGIN = 0.6  # of the shown points' extent, on each side


@torch.inference_mode()
def surface_arrays(
    loss: PointLoss, class_embeddings: Tensor, centres: Tensor, *, through_origin: bool
) -> dict[str, NDArray[Any]]:
    """The loss of one embedding e of the first class with a centre, with everything else as it was learnt.

    class_embeddings, centres: [K, D]. In two dimensions the plane is the embedding space itself. Else it is the plane
    through the class embeddings of that class and of the two nearest to it; with `through_origin`, for losses of
    directions, the plane through the origin and the first two of them. e is the class centre.

    Returns
    -------
      surface_x, surface_y [G] float32: coordinates in the plane
      surface_of_class_embedding [G, G] float32: the loss with the own class embedding at (x, y), rows by y
        (Figures 5-7)
      surface_of_embedding [G, G] float32: the loss with e at (x, y) (Figures 9, 10)
      surface_classes [M] int64, surface_points [M, 2] float32: the class embeddings in the plane, the own one first
      surface_e [2] float32: where e lies, or its nearest point of the plane.
    Empty in one dimension and where no class has a centre. Source: moving targets, section III-C.

    """
    points, centres = class_embeddings.detach().cpu().double(), centres.detach().cpu().double()
    seen = torch.nonzero(~centres.isnan().any(1))[:, 0]
    if points.shape[1] < 2 or len(seen) == 0:
        return {}
    own = int(seen[0])
    e = centres[own]
    shown, base, axes = _plane(points, own, e, through_origin=through_origin)
    marks, place = (points[shown] - base) @ axes.T, (e - base) @ axes.T
    x, y = _window(torch.vstack([marks, place, *([torch.zeros(1, 2)] if through_origin else [])]))
    label = torch.tensor([own])

    def of_class_embedding(point: Tensor) -> Tensor:
        moved = points.clone()
        moved[own] = point
        return loss(e[None].float(), label, moved.float())

    def of_embedding(point: Tensor) -> Tensor:
        return loss(point[None].float(), label, points.float())

    grid = [base + horizontal * axes[0] + vertical * axes[1] for vertical in y for horizontal in x]
    arrays = {
        "surface_x": x,
        "surface_y": y,
        "surface_of_class_embedding": torch.stack([of_class_embedding(point) for point in grid]).view(len(y), -1),
        "surface_of_embedding": torch.stack([of_embedding(point) for point in grid]).view(len(y), -1),
        "surface_points": marks,
        "surface_e": place,
    }
    return {"surface_classes": shown.numpy()} | {name: array.float().numpy() for name, array in arrays.items()}


def _plane(points: Tensor, own: int, e: Tensor, *, through_origin: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The classes whose embeddings lie in it, a point of it [D], two orthonormal directions [2, D]."""
    order = (points - points[own]).square().sum(1).sort(stable=True).indices
    order = torch.cat([torch.tensor([own]), order[order != own]])
    if points.shape[1] == 2:
        return order, torch.zeros(2, dtype=points.dtype), torch.eye(2, dtype=points.dtype)
    shown = order[:2] if through_origin else order[:3]
    base = torch.zeros_like(e) if through_origin else points[own]
    spanning = [point - base for point in points[shown]] if through_origin else [*(points[shown[1:]] - base), e - base]
    directions, _ = torch.linalg.qr(torch.stack(spanning[:2]).T)
    return shown, base, directions.T


def _window(points: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates of a square around the points, with a margin."""
    low, high = points.min(0).values, points.max(0).values
    half = float((high - low).max()) * (0.5 + MARGIN) or 1.0
    steps = torch.from_numpy(np.linspace(-half, half, POINTS))
    middle = (low + high) / 2
    return middle[0] + steps, middle[1] + steps
