"""Dynamic targets' loss: against a scalar loop, cross entropy and finite differences."""

import math

import pytest
import torch

from trainables.losses.cross_entropy import cross_entropy
from trainables.losses.target_nll import target_nll


def batch(n=7, k=4, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(n, k, generator=generator, dtype=dtype)
    return logits, torch.randint(0, k, (n,), generator=generator), torch.rand(k, k, generator=generator, dtype=dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_value_equals_the_equation(dtype, tolerance):
    """Oracle: -sum t log p in plain floats; targets are not normalised."""
    logits, labels, vectors = batch(dtype=dtype)
    expected = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total = sum(math.exp(z) for z in row)
        expected -= sum(t * math.log(math.exp(z) / total) for t, z in zip(vectors[label].tolist(), row, strict=True))
    loss = target_nll(logits, labels, vectors)
    assert loss.shape == ()
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(expected, rel=tolerance)


def test_with_one_hot_targets_it_is_cross_entropy():
    logits, labels, _ = batch()
    torch.testing.assert_close(target_nll(logits, labels, torch.eye(4).double()), cross_entropy(logits, labels))


def test_soft_targets_by_hand():
    """Oracle: uniform outputs of ten classes and soft targets: 2.6 log 10."""
    vectors = torch.full((10, 10), 0.2).fill_diagonal_(0.8)
    assert target_nll(torch.zeros(1, 10), torch.tensor([3]), vectors).item() == pytest.approx(2.6 * math.log(10))


def test_gradients():
    """Oracle: finite differences in float64."""
    logits, labels, vectors = batch(3)
    assert torch.autograd.gradcheck(lambda z: target_nll(z, labels, vectors), (logits.requires_grad_(),))


def test_it_is_a_sum_over_samples():
    """Oracle: the sum of the loss of each sample alone."""
    logits, labels, vectors = batch()
    alone = [target_nll(logits[i : i + 1], labels[i : i + 1], vectors) for i in range(len(labels))]
    torch.testing.assert_close(target_nll(logits, labels, vectors), torch.stack(alone).sum())


def test_shapes_are_checked():
    logits, labels, vectors = batch()
    with pytest.raises(ValueError, match=r"must agree, but got \(7, 4\) and \(3, 3\)"):
        target_nll(logits, labels, vectors[:3, :3])
    with pytest.raises(ValueError, match="must agree"):
        target_nll(logits[0], labels, vectors)
    with pytest.raises(ValueError, match="must be 7 integer labels"):
        target_nll(logits, labels[:3], vectors)
