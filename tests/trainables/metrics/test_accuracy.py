"""Accuracy against counting."""

import pytest
import torch

from trainables.metrics.accuracy import accuracy, n_correct


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_share_of_right_ones(dtype):
    """Oracle: counting in plain Python, the first of equal scores."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(0, 3, (100, 4), generator=generator).to(dtype)
    labels = torch.randint(0, 4, (100,), generator=generator)
    right = sum(row.index(max(row)) == y for row, y in zip(scores.tolist(), labels.tolist(), strict=True))
    assert accuracy(scores, labels) == right / 100
    assert sum(n_correct(s, y) for s, y in zip(scores.split(7), labels.split(7), strict=True)) == right


def test_minus_infinity_loses():
    assert accuracy(torch.tensor([[-torch.inf, -3.0]]), torch.tensor([1])) == 1


def test_shapes():
    with pytest.raises(ValueError, match="at least one sample"):
        accuracy(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"must agree, but got \(3, 2\)"):
        accuracy(torch.zeros(3, 2), torch.zeros(4, dtype=torch.int64))
