"""What figures of an embedding space show: hand-worked examples, and the trainables' own geometry."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from results.figures import clusters, embedding_space, examples, loss_surface
from results.figures.plane import plane_of
from results.figures.source import NotDrawnError, Source
from trainables.metrics.geometry import geometry

from .embeddings import ARRAYS, EMBEDDINGS, source


def test_a_plane_of_two_dimensions_is_the_space_itself() -> None:
    """Oracle: the points."""
    plane = plane_of(EMBEDDINGS)
    np.testing.assert_array_equal(plane.place(EMBEDDINGS), EMBEDDINGS)
    assert plane.labels == ("first dimension", "second dimension")


def test_a_plane_of_more_dimensions_shows_most_of_the_variance() -> None:
    """Oracle: by hand: variances 9, 4, 1 along three axes (9/14, 4/14), turned by a known rotation, and moved."""
    spread = np.array([[3, 0, 0], [-3, 0, 0], [0, 2, 0], [0, -2, 0], [0, 0, 1], [0, 0, -1]], dtype=np.float64)
    turn = np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]])
    plane = plane_of(spread @ turn.T + 7)
    assert plane.shares == pytest.approx((9 / 14, 4 / 14))
    np.testing.assert_allclose(np.abs(plane.place(spread @ turn.T + 7)), np.abs(spread[:, :2]), atol=1e-12)
    assert plane.labels[0] == "first principal component (64%)"
    # Through the origin nothing is subtracted: the far mean is then the first direction.
    seen_from_origin = plane_of(spread @ turn.T + 7, through_origin=True)
    np.testing.assert_allclose(seen_from_origin.place(np.zeros((1, 3))), 0)
    with pytest.raises(NotDrawnError, match="there are 6 and 1"):
        plane_of(spread[:, :1])


def test_decision_regions() -> None:
    """Oracle: by hand: the border of two centres (0, 0), (4, 0) is x = 2, that of (1, 0), (5, 0) is x = 3."""
    data = embedding_space.data(source())
    assert data.exact
    assert data.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    centres, class_embeddings = data.regions
    assert (centres.what, centres.rule) == ("class centre", "euc")
    assert (class_embeddings.what, class_embeddings.rule) == ("class embedding", "euc_ce")
    left, right, _, _ = data.window
    for regions, border in ((centres, 2), (class_embeddings, 3)):
        edges = np.linspace(left, right, regions.nearest.shape[1] + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        np.testing.assert_array_equal(regions.nearest, np.tile((middles > border).astype(int), (200, 1)))
    assert centres.agreement == class_embeddings.agreement == 1.0


def test_regions_disagree_where_the_classifier_does() -> None:
    """Oracle: one of eight predictions changed."""
    wrong = ARRAYS["predictions_euc"].copy()
    wrong[0] = 1
    assert embedding_space.data(source(predictions_euc=wrong)).regions[0].agreement == 7 / 8


def test_regions_by_angle() -> None:
    """Oracle: by hand: of directions (1, 0) and (0, 1) the first is nearer below the diagonal; NaN never is."""
    points = np.array([[2.0, 1.0], [1.0, 2.0], [10.0, 9.0], [-1.0, -2.0]])
    references = np.array([[9.0, 0.0], [0.0, 0.1]])
    assert embedding_space.nearest(points, references, cosine=True).tolist() == [0, 1, 0, 0]
    assert embedding_space.nearest(points, references * np.array([[np.nan], [1]]), cosine=True).tolist() == [1] * 4
    assert embedding_space.nearest(points, references, cosine=False).tolist() == [1, 1, 0, 1]
    data = embedding_space.data(source(rule=np.array("cos")))
    assert [regions.rule for regions in data.regions] == ["cos", "cos_ce"]


def test_a_pure_model_has_no_class_embeddings() -> None:
    """Oracle: one panel."""
    arrays = {name: array for name, array in ARRAYS.items() if name != "class_embeddings"}
    data = embedding_space.data(Source(outcome=source().outcome, load=lambda: arrays))
    assert [regions.rule for regions in data.regions] == ["euc"]


def test_images_far_away_do_not_widen_the_picture() -> None:
    """Oracle: one of 1,000 images at 1e6, the others within 1 of the centres."""
    generator = np.random.default_rng(0)
    points = generator.uniform(-1, 1, (1000, 2))
    points[17] = 1e6
    zeros = np.zeros(1000, dtype=int)
    data = embedding_space.data(
        source(
            embeddings=points, embedded=np.arange(1000), labels=zeros, predictions_euc=zeros, predictions_euc_ce=zeros
        )
    )
    assert max(data.window) < 6
    assert 1 <= data.outside <= 20


def test_clusters() -> None:
    """Oracle: by hand: class 0 has distances 1, 1, 3, 3, class 1 2, 2, 0, 0; centres lie 2 from their mean."""
    data = clusters.data(source())
    assert [(c.name, c.centre, c.radius, c.size, c.distance) for c in data.clusters] == [
        ("cat", (0, 0), 2, 2, 2),
        ("dog", (4, 0), 1, 1, 2),
    ]
    assert data.global_centre == (2, 0)
    assert (data.sigma, data.rho) == (1.5, 2)  # of 0 0 1 1 2 2 3 3


def test_sigma_and_rho_are_those_of_the_metrics() -> None:
    """Oracle: trainables' geometry of the same embeddings, in five dimensions."""
    generator = torch.Generator().manual_seed(3)
    embeddings, labels = torch.randn(60, 5, generator=generator), torch.arange(60) % 3
    expected = geometry(embeddings, labels, 4)
    data = clusters.data(
        source(
            embeddings=embeddings.numpy(),
            embedded=np.arange(60),
            labels=labels.numpy(),
            classes=np.array(["a", "b", "c", "unseen"]),
        )
    )
    assert (data.sigma, data.rho) == pytest.approx((expected.cluster_size, expected.centre_distance), rel=1e-5)
    assert [cluster.name for cluster in data.clusters] == ["a", "b", "c"]
    assert data.dimension == 5


def test_loss_surface() -> None:
    """Oracle: the arrays; 25 quantiles of 0..8 are 0, 1/3, 2/3 ...; a flat surface has two levels all the same."""
    data = loss_surface.data(source())
    moved_class, moved = data.surfaces
    np.testing.assert_array_equal(moved_class.values, ARRAYS["surface_of_class_embedding"])
    assert moved_class.levels == pytest.approx(np.arange(25) / 3)
    assert moved.levels == (2, 3)
    assert data.classes == {1: "dog", 0: "cat"}
    assert data.whole


def test_examples() -> None:
    """Oracle: by hand: bytes as shares of 255, floats from their lowest to their highest, colours last."""
    data = examples.data(source())
    (name, (original, normalised)), (_, (_, flat)) = data.images
    assert name == "dog"
    np.testing.assert_allclose(original.pixels, [[0, 1], [0.2, 0.4]])
    np.testing.assert_allclose(normalised.pixels, [[0, 1], [0.25, 0.5]])
    assert (normalised.low, normalised.high) == (-1, 3)
    assert not flat.pixels.any()
    colour = examples.data(source(example_0_original=np.zeros((3, 5, 4), dtype=np.uint8)))
    assert colour.images[0][1][0].pixels.shape == (5, 4, 3)
