"""The loss over a plane: scalar formulas in two dimensions, and the whole loss where the plane is a slice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from trainables.loss_surface import surface_arrays
from trainables.losses.class_proximity import class_proximity
from trainables.losses.cosine import cosine
from trainables.losses.euclidean import euclidean

CENTRES = torch.tensor([[torch.nan, torch.nan], [2.0, 1.0], [-3.0, 0.0]])
CLASSES = torch.tensor([[0.0, 5.0], [1.0, 1.0], [-2.0, 0.0]])


def proximity(embeddings: Tensor, targets: Tensor, class_embeddings: Tensor) -> Tensor:
    return class_proximity(embeddings, targets, class_embeddings, r=500.0)


def test_in_two_dimensions_by_scalar_formulas() -> None:
    """Oracle: equations (1), (4) and (5) at each point; class 1 is the first with a centre, and that is e."""
    arrays = surface_arrays(proximity, CLASSES, CENTRES, through_origin=False)
    assert arrays["surface_classes"].tolist() == [1, 2, 0]  # the own one, then by nearness
    np.testing.assert_array_equal(arrays["surface_points"], CLASSES[[1, 2, 0]])
    assert arrays["surface_e"].tolist() == [2, 1]
    xs, ys = arrays["surface_x"].tolist(), arrays["surface_y"].tolist()
    for row, column in ((0, 0), (0, 40), (7, 29), (40, 3)):
        x, y = xs[column], ys[row]
        near = sum(1 / ((x - a) ** 2 + (y - b) ** 2 + 1e-6) for a, b in ((0, 5), (-2, 0)))
        expected = (x - 2) ** 2 + (y - 1) ** 2 + 500 * near
        assert arrays["surface_of_class_embedding"][row, column] == pytest.approx(expected, rel=1e-4)
        learnt = sum(1 / ((1 - a) ** 2 + (1 - b) ** 2 + 1e-6) for a, b in ((0, 5), (-2, 0)))
        expected = (x - 1) ** 2 + (y - 1) ** 2 + 500 * learnt
        assert arrays["surface_of_embedding"][row, column] == pytest.approx(expected, rel=1e-4)
    assert xs[0] < -2
    assert xs[-1] > 2
    assert {array.dtype for name, array in arrays.items() if name != "surface_classes"} == {np.dtype(np.float32)}


@pytest.mark.parametrize("through_origin", [False, True])
def test_a_slice_holds_the_class_embeddings_at_their_distances(*, through_origin: bool) -> None:
    """Oracle: distances in five dimensions; the loss with e at the own class embedding is nought there."""
    generator = torch.Generator().manual_seed(1)
    classes, centres = torch.randn(2, 4, 5, generator=generator)
    loss = cosine if through_origin else euclidean
    arrays = surface_arrays(loss, classes, centres, through_origin=through_origin)
    shown, points = arrays["surface_classes"], arrays["surface_points"]
    assert len(shown) == (2 if through_origin else 3)
    np.testing.assert_allclose(
        np.linalg.norm(points[0] - points[1:], axis=1), torch.cdist(classes[:1], classes[shown[1:]])[0], rtol=1e-5
    )
    if through_origin:
        np.testing.assert_allclose(np.linalg.norm(points, axis=1), classes[shown].norm(dim=1), rtol=1e-5)
        return
    x, y = np.meshgrid(arrays["surface_x"], arrays["surface_y"])
    within = (x - points[0, 0]) ** 2 + (y - points[0, 1]) ** 2  # e moves within the plane: nothing else adds
    np.testing.assert_allclose(arrays["surface_of_embedding"], within, rtol=1e-3, atol=1e-4)
    e = arrays["surface_e"]  # its nearest point of the plane: what lies off it is added everywhere
    off_plane = float((centres[0] - classes[0]).square().sum()) - float(np.square(e - points[0]).sum())
    moved = (x - e[0]) ** 2 + (y - e[1]) ** 2 + off_plane
    np.testing.assert_allclose(arrays["surface_of_class_embedding"], moved, rtol=1e-3, atol=1e-4)


def test_two_classes_and_what_has_no_plane() -> None:
    """Oracle: two classes and the centre span a plane; one dimension does not, nor a class without any image."""
    assert len(surface_arrays(euclidean, CLASSES[:2], CENTRES[:2], through_origin=False)["surface_classes"]) == 2
    wide = torch.eye(2, 6)
    assert surface_arrays(euclidean, wide, wide + 1, through_origin=False)["surface_points"].shape == (2, 2)
    assert surface_arrays(euclidean, CLASSES[:, :1], CENTRES[:, :1], through_origin=False) == {}
    assert surface_arrays(euclidean, CLASSES, CENTRES * torch.nan, through_origin=False) == {}
