"""The plane in which an embedding space is shown: the space itself if it has two dimensions, else by PCA. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from results.figures.source import NotDrawnError

Points = NDArray[Any]


class Plane(NamedTuple):
    """base: what is subtracted [D]. directions: orthonormal [2, D]. shares: of the variance, None for D = 2."""

    base: Points
    directions: Points
    shares: tuple[float, float] | None

    def place(self, points: Points) -> Points:
        """Coordinates in the plane: [N, D] -> [N, 2]."""
        return (points.astype(np.float64) - self.base) @ self.directions.T

    @property
    def labels(self) -> tuple[str, str]:
        """What the axes show."""
        if self.shares is None:
            return "first dimension", "second dimension"
        names = ("first", "second")
        x, y = (f"{name} principal component ({share:.0%})" for name, share in zip(names, self.shares, strict=True))
        return x, y


def plane_of(embeddings: Points, *, through_origin: bool = False) -> Plane:
    """The plane that shows most of the variance of the embeddings [N, D].

    through_origin: for rules of directions, whose angles are seen from there: no mean is subtracted, and shares are
    of the squared length. Each direction's largest component is positive, so that the same data give the same picture.
    Raises NotDrawnError in one dimension or with fewer than two images.
    """
    n, dimension = embeddings.shape
    if dimension < 2 or n < 2:
        raise NotDrawnError(f"a plane needs two images and two dimensions, but there are {n} and {dimension}")
    if dimension == 2:
        return Plane(np.zeros(2), np.eye(2), None)
    points = embeddings.astype(np.float64)
    base = np.zeros(dimension) if through_origin else points.mean(0)
    _, lengths, directions = np.linalg.svd(points - base, full_matrices=False)
    chosen = directions[:2]
    largest = np.abs(chosen).argmax(1)
    chosen = chosen * np.sign(chosen[np.arange(2), largest])[:, None]
    squares = lengths**2
    total = float(squares.sum()) or 1.0
    return Plane(base, chosen, (float(squares[0]) / total, float(squares[1]) / total))
