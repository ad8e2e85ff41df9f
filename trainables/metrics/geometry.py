"""The shape of the embedding space: how large the clusters are and how far apart they lie."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.linalg import vector_norm
from torch.nn import functional

from trainables.distances import at_least_float32, squared_distances
from trainables.metrics.class_centres import class_centres

CHUNK = 4096  # samples whose differences are formed at once: 32 MiB at D = 2048


@dataclass(frozen=True)
class Geometry:
    """What a split looks like around its own class centres. Distances are Euclidean, in units of the embedding.

    cluster_size: sigma, the median over all samples of the distance to their class centre (section III-B).
    centre_distance: rho, the mean over classes of the centre's distance to the global centre (section III-B).
    class_distance: mean over unordered pairs of classes of their centres' distance (Figures 18 and 19), NaN for one.
    median_cosine: median over all samples of the cosine of their embedding and their class centre (Appendix B-E).
    reference_distance: mean over classes of the centre's distance to the reference point (Figure 17).
    global_centre: avg(G), the mean of the class centres, [D] float32.
    """

    cluster_size: float
    centre_distance: float
    class_distance: float
    median_cosine: float
    reference_distance: float
    global_centre: Tensor

    def metrics(self, split: str) -> dict[str, float]:
        """The numbers under their recorded names, such as "val/geometry/cluster_size"."""
        return {
            f"{split}/geometry/cluster_size": self.cluster_size,
            f"{split}/geometry/centre_distance": self.centre_distance,
            f"{split}/geometry/class_distance": self.class_distance,
            f"{split}/geometry/median_cosine": self.median_cosine,
            f"{split}/geometry/reference_distance": self.reference_distance,
        }


@torch.no_grad()
def geometry(embeddings: Tensor, labels: Tensor, n_classes: int, *, reference: Tensor | None = None) -> Geometry:
    """Measure a split by its own class centres; classes that it lacks do not count.

    Shapes: embeddings [N, D], labels [N] (int64, 0..K-1), reference [D].
    reference: the fixed reference point. "The reference point is the global centre for the first epoch" (Figure 17):
    pass None at the first epoch, keep that result's `global_centre`, and pass it from then on.
    Cosines are seen from the origin, as equation (2) has them and as the cosine loss and rules do ("vectors have their
    origin in (0,0)", Figure 6); the paper does not print the formula behind its figures of the median.
    Raises ValueError without samples, or if the tensors do not fit.
    """
    if labels.numel() == 0:
        raise ValueError("geometry needs at least one sample")
    with torch.autocast(embeddings.device.type, enabled=False):
        embeddings = at_least_float32(embeddings)
        every_centre = class_centres(embeddings, labels, n_classes)
        distances, cosines = _to_own_centre(embeddings, labels, every_centre)
        centres = every_centre[~every_centre.isnan().any(1)]
        global_centre = centres.mean(0)
        reference = global_centre if reference is None else reference
        return Geometry(
            cluster_size=median(distances),
            centre_distance=_mean_distance(centres, global_centre),
            class_distance=_mean_pair_distance(centres),
            median_cosine=median(cosines),
            reference_distance=_mean_distance(centres, reference),
            global_centre=global_centre,
        )


def median(values: Tensor) -> float:
    """The middle value, or the mean of the two middle ones, as statistics.median has it (torch takes the lower)."""
    ordered = values.sort().values
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)


def _to_own_centre(embeddings: Tensor, labels: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Distance and cosine of each sample to its own class centre: [N], [N]."""
    distances, cosines = [], []
    for rows, own_labels in zip(torch.split(embeddings, CHUNK), torch.split(labels, CHUNK), strict=True):
        own = centres[own_labels]
        distances.append(vector_norm(rows - own, dim=1))
        cosines.append(functional.cosine_similarity(rows, own, dim=1))
    return torch.cat(distances), torch.cat(cosines)


def _mean_distance(centres: Tensor, point: Tensor) -> float:
    return float(vector_norm(centres - point, dim=1).mean())


def _mean_pair_distance(centres: Tensor) -> float:
    n_classes = centres.shape[0]
    first, second = torch.triu_indices(n_classes, n_classes, offset=1, device=centres.device)
    return float(squared_distances(centres, centres)[first, second].sqrt().mean())
