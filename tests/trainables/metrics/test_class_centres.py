"""Class centres against Python sums."""

import math

import pytest
import torch

from trainables.metrics.class_centres import ClassCentres, class_centres


def loop_centres(embeddings, labels, n_classes):
    """Oracle: math.fsum over plain floats, None for absent classes."""
    rows = embeddings.tolist()
    result = []
    for k in range(n_classes):
        members = [row for row, y in zip(rows, labels.tolist(), strict=True) if y == k]
        result.append([math.fsum(c) / len(members) for c in zip(*members, strict=True)] if members else None)
    return result


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_means(dtype):
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(50, 6, generator=generator).to(dtype)
    labels = torch.randint(0, 4, (50,), generator=generator)
    centres = class_centres(embeddings, labels, 5)
    expected = loop_centres(embeddings, labels, 5)
    assert centres.dtype == torch.float32
    torch.testing.assert_close(centres[:4], torch.tensor(expected[:4]), rtol=1e-6, atol=1e-7)
    assert centres[4].isnan().all()


def test_batches_add_up_to_the_last_digit():
    """Oracle: one batch. float64 sums of float32 values do not depend on how they are cut."""
    generator = torch.Generator().manual_seed(0)
    embeddings, labels = torch.randn(1000, 8, generator=generator), torch.randint(0, 3, (1000,), generator=generator)
    total = ClassCentres(3, 8)
    for rows, own in zip(embeddings.split(17), labels.split(17), strict=True):
        total.add(rows, own)
    assert torch.equal(total.centres(), class_centres(embeddings, labels, 3))
    assert total.counts.tolist() == torch.bincount(labels).tolist()


def test_many_far_values_lose_nothing():
    """Oracle: by construction; a float32 sum of these would be off by whole units."""
    embeddings = torch.full((200_000, 1), 1e4) + torch.tensor([0.0, 1.0]).repeat(100_000)[:, None]
    assert class_centres(embeddings, torch.zeros(200_000, dtype=torch.int64), 1).item() == 10000.5


def test_no_gradient_is_kept():
    embeddings = torch.randn(4, 2, requires_grad=True)
    assert not class_centres(embeddings, torch.tensor([0, 1, 0, 1]), 2).requires_grad


def test_shapes_and_labels_are_checked():
    total = ClassCentres(2, 3)
    with pytest.raises(ValueError, match=r"embeddings \[B, 3\] and labels \[B\] must agree"):
        total.add(torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match="must agree"):
        total.add(torch.zeros(4, 3), torch.zeros(5, dtype=torch.int64))
    with pytest.raises((IndexError, RuntimeError)):
        total.add(torch.zeros(1, 3), torch.tensor([2]))


@pytest.mark.gpu
def test_a_gpu_agrees_with_the_cpu_and_with_itself():
    """Oracle: the CPU's centres, and a second pass on the GPU to the last digit."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(5000, 64, generator=generator)
    labels = torch.randint(0, 10, (5000,), generator=generator)
    on_gpu = [class_centres(embeddings.cuda(), labels.cuda(), 10).cpu() for _ in range(3)]
    torch.testing.assert_close(on_gpu[0], class_centres(embeddings, labels, 10))
    assert torch.equal(on_gpu[0], on_gpu[1])
    assert torch.equal(on_gpu[0], on_gpu[2])
