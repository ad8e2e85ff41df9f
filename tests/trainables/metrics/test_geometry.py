"""The geometry of section III-B against plain Python and the statistics module."""

import itertools
import math
import statistics

import pytest
import torch

from trainables.metrics.geometry import geometry, median


def loop_geometry(embeddings, labels, reference=None):
    """Oracle: the definitions, in plain Python."""
    rows, labels = embeddings.tolist(), labels.tolist()
    centres = {}
    for k in sorted(set(labels)):
        members = [row for row, y in zip(rows, labels, strict=True) if y == k]
        centres[k] = [math.fsum(column) / len(members) for column in zip(*members, strict=True)]
    middle = [math.fsum(column) / len(centres) for column in zip(*centres.values(), strict=True)]
    pairs = list(itertools.combinations(centres.values(), 2))

    def cosine(u, v):
        return sum(a * b for a, b in zip(u, v, strict=True)) / (math.hypot(*u) * math.hypot(*v))

    own = [(row, centres[y]) for row, y in zip(rows, labels, strict=True)]
    return {
        "cluster_size": statistics.median(math.dist(e, g) for e, g in own),
        "centre_distance": statistics.fmean(math.dist(g, middle) for g in centres.values()),
        "class_distance": statistics.fmean(math.dist(g, h) for g, h in pairs),
        "median_cosine": statistics.median(cosine(e, g) for e, g in own),
        "reference_distance": statistics.fmean(math.dist(g, reference or middle) for g in centres.values()),
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [40, 41])
@pytest.mark.parametrize("chunk", [7, 4096])
def test_every_number(dtype, n, chunk, monkeypatch):
    monkeypatch.setattr("trainables.metrics.geometry.CHUNK", chunk)
    generator = torch.Generator().manual_seed(n)
    embeddings = torch.randn(n, 3, generator=generator, dtype=dtype) + 0.5
    labels = torch.randint(0, 4, (n,), generator=generator)
    found = geometry(embeddings, labels, 6, reference=torch.tensor([1.0, 2.0, 3.0])).metrics("val")
    expected = loop_geometry(embeddings, labels, [1.0, 2.0, 3.0])  # classes 4 and 5 are absent and do not count
    assert found == {f"val/geometry/{k}": pytest.approx(v, rel=1e-5) for k, v in expected.items()}


def test_by_hand():
    """Oracle: two classes on a line, centres at 1 and 5, the global centre at 3."""
    embeddings, labels = torch.tensor([[0.0], [2.0], [5.0], [5.0]]), torch.tensor([0, 0, 1, 1])
    found = geometry(embeddings, labels, 2)
    assert found.global_centre.tolist() == [3]
    assert (found.cluster_size, found.centre_distance, found.class_distance) == (0.5, 2, 4)
    assert found.reference_distance == found.centre_distance  # the first epoch is its own reference
    assert geometry(embeddings + 10, labels, 2, reference=found.global_centre).reference_distance == 10
    assert geometry(embeddings + 10, labels, 2, reference=found.global_centre).centre_distance == 2


def test_classes_weigh_alike_in_the_centre_and_samples_in_the_cluster():
    """Oracle: by hand. Three samples of class 0 at 0, one of class 1 at 4: avg(G) is 2, avg(E) would be 1."""
    found = geometry(torch.tensor([[0.0], [0.0], [0.0], [4.0]]), torch.tensor([0, 0, 0, 1]), 2)
    assert found.global_centre.tolist() == [2]


def test_one_class_has_no_distance_between_classes():
    found = geometry(torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([1, 1]), 3)
    assert math.isnan(found.class_distance)
    assert (found.cluster_size, found.centre_distance, found.median_cosine) == (1, 0, 1)


def test_one_sample():
    found = geometry(torch.tensor([[3.0, 4.0]]), torch.tensor([0]), 1)
    assert (found.cluster_size, found.centre_distance, found.median_cosine) == (0, 0, pytest.approx(1))


def test_identical_embeddings():
    found = geometry(torch.ones(6, 2), torch.tensor([0, 1, 2, 0, 1, 2]), 3)
    assert (found.cluster_size, found.centre_distance, found.class_distance) == (0, 0, 0)


def test_no_samples():
    with pytest.raises(ValueError, match="at least one sample"):
        geometry(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), 2)


@pytest.mark.parametrize("values", [[3.0], [1.0, 2.0], [5.0, 1.0, 3.0], [4.0, 1.0, 3.0, 2.0], [1.0, math.nan]])
def test_median(values):
    """Oracle: statistics.median; a NaN is not hidden."""
    expected = statistics.median(values) if not any(map(math.isnan, values)) else math.nan
    assert median(torch.tensor(values)) == pytest.approx(expected, nan_ok=True)


def test_half_precision_under_autocast():
    """Oracle: the same rounded embeddings in float32."""
    embeddings, labels = torch.randn(30, 4).bfloat16(), torch.arange(30) % 3
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = geometry(embeddings, labels, 3)
    assert found.metrics("val") == geometry(embeddings.float(), labels, 3).metrics("val")
