"""The digits network's layers, first weights and the gradient of equation (10)."""

from functools import partial

import pytest
import torch

from trainables.models.digits_network import DigitsNetwork, kaiming, random
from trainables.models.leaky_relu import leaky_relu_with_relu_gradient
from trainables.models.softmax_derivative import times_softmax_derivative


def test_leaky_forward_plain_backward():
    """Oracle: by hand, equations (2) and (3) with alpha 0.1; the derivative at 0 is 1."""
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    y = leaky_relu_with_relu_gradient(x, 0.1)
    torch.testing.assert_close(y.detach(), torch.tensor([-0.2, 0.0, 3.0]))
    (y * torch.tensor([5.0, 7.0, 11.0])).sum().backward()
    assert x.grad.tolist() == [0, 7, 11]


def test_both_gradients_agree_without_a_slope():
    """Oracle: torch's own ReLU."""
    x = torch.randn(50, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (ours,) = torch.autograd.grad(leaky_relu_with_relu_gradient(x, 0.0).square().sum(), x)
    (theirs,) = torch.autograd.grad(torch.relu(x).square().sum(), x)
    assert torch.equal(ours, theirs)


def test_damped_errors():
    """Oracle: by hand: softmax of (0, 0) is (1/2, 1/2), and 1/2 * (1 - 1/2) = 1/4 of each error is left."""
    logits = torch.zeros(1, 2, requires_grad=True)
    same = times_softmax_derivative(logits)
    assert torch.equal(same, logits)
    (same * torch.tensor([[3.0, 5.0]])).sum().backward()
    assert logits.grad.tolist() == [[0.75, 1.25]]


def build(draw, **options):
    torch.manual_seed(0)
    return DigitsNetwork(784, 10, draw=draw, **options)


@pytest.mark.parametrize(("reading", "power"), [("deviation", 1 / 2), ("variance", 1 / 4)])
def test_kaiming(reading, power):
    """Oracle: equation (16), the deviation sqrt(2 / fan_in), or its root if that is the variance; biases are zero."""
    for layer in build(partial(kaiming, reading=reading), hidden=300, second_hidden=200).layers():
        expected = (2 / layer.in_features) ** power
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
        assert layer.weight.mean().item() == pytest.approx(0, abs=0.1 * expected)
        assert not layer.bias.any()


def test_uniform():
    """Oracle: bounds, and the deviation of a uniform distribution, half width / sqrt(3)."""
    for layer in build(partial(random, distribution="uniform", scale=0.5, biases=True)).layers():
        assert layer.weight.abs().max() <= 0.5
        assert layer.weight.std().item() == pytest.approx(0.5 / 3**0.5, rel=0.1)
        assert layer.bias.abs().min() > 0


def test_normal_without_biases():
    for layer in build(partial(random, distribution="normal", scale=2.0, biases=False)).layers():
        assert layer.weight.std().item() == pytest.approx(2, rel=0.15)
        assert not layer.bias.any()


def test_shapes_and_squared_weights():
    """Oracle: 784-200-20-10 and 784-7-10 by hand."""
    draw = partial(random, distribution="uniform", scale=0.5, biases=True)
    images = torch.rand(3, 1, 28, 28)
    for options, widths in (({}, [200, 20, 10]), ({"hidden": 7, "second_hidden": None}, [7, 10])):
        network = build(draw, **options)
        assert [layer.out_features for layer in network.layers()] == widths
        output = network(images)
        assert output.embeddings.shape == (3, widths[-2])
        assert output.logits.shape == (3, 10)
        total = sum(float((layer.weight.detach() ** 2).sum()) for layer in network.layers())
        assert network.squared_weights().item() == pytest.approx(total, rel=1e-5)


def test_what_does_not_exist():
    with pytest.raises(ValueError, match="reading must be deviation or variance, but got 'std'"):
        build(partial(kaiming, reading="std"))
    with pytest.raises(ValueError, match="distribution must be uniform or normal, but got 'flat'"):
        build(partial(random, distribution="flat", scale=1.0, biases=True))
