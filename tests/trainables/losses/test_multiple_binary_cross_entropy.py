"""Multiple binary cross-entropy against its equation in plain Python."""

import math

import pytest
import torch

from trainables.losses.multiple_binary_cross_entropy import multiple_binary_cross_entropy


def by_loop(logits, targets):
    total = 0.0
    for row, label in zip(logits.tolist(), targets.tolist(), strict=True):
        for k, score in enumerate(row):
            p = 1 / (1 + math.exp(-score))
            total -= math.log(p if k == label else 1 - p) / len(row)
    return total


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_value(dtype, tolerance):
    """Oracle: the paper's equation, one image and class at a time."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(6, 4, generator=generator, dtype=dtype)
    targets = torch.randint(0, 4, (6,), generator=generator)
    loss = multiple_binary_cross_entropy(logits, targets)
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(by_loop(logits, targets), rel=tolerance)


def test_value_by_hand():
    """Oracle: zero scores are ten undecided decisions, log 2 each, and a tenth of their sum."""
    assert multiple_binary_cross_entropy(torch.zeros(3, 10), torch.tensor([0, 4, 9])).item() == pytest.approx(
        3 * math.log(2)
    )


def test_gradient_is_the_papers():
    """Oracle: (sigmoid(s) - y) / K, exercise 2.2."""
    logits = torch.randn(5, 10, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([0, 3, 3, 9, 1])
    multiple_binary_cross_entropy(logits, targets).backward()
    expected = (logits.detach().sigmoid() - torch.eye(10, dtype=torch.float64)[targets]) / 10
    torch.testing.assert_close(logits.grad, expected)


def test_extreme_scores_stay_finite():
    """Oracle: 1000 nats for each wrong decision, two of three."""
    logits = torch.tensor([[-1000.0, 1000.0, -1000.0]])
    assert multiple_binary_cross_entropy(logits, torch.tensor([0])).item() == pytest.approx(2000 / 3)


@pytest.mark.parametrize(
    ("logits", "targets"), [(torch.zeros(3), torch.zeros(3).long()), (torch.zeros(3, 2), torch.zeros(2).long())]
)
def test_shapes_that_do_not_fit(logits, targets):
    with pytest.raises(ValueError, match=r"must be"):
        multiple_binary_cross_entropy(logits, targets)
