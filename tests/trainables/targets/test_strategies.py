"""Each strategy and both algorithms against the paper's lines, written out class by class, and worked examples."""

import math
import random

import pytest
import torch

from trainables.targets.keep import keep
from trainables.targets.mean_nudge import mean_nudge
from trainables.targets.one_hot import one_hot
from trainables.targets.remapped_mean_nudge import remapped_mean_nudge
from trainables.targets.remapped_means import remapped_means
from trainables.targets.sigma_spacing import sigma_spacing
from trainables.targets.soft import soft
from trainables.targets.uniform import uniform
from trainables.targets.untrained_means import untrained_means
from trainables.targets.values import TargetValues


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


def pairs(values):
    return list(zip(values.class_values.tolist(), values.non_class_values.tolist(), strict=True))


def algorithm_1(class_mean, non_class_mean, epsilon):
    """Lines 15 to 27, for one class."""
    c, nc = class_mean, non_class_mean
    nc = nc + epsilon if nc > c else nc - epsilon
    if nc <= 0:
        nc = 0
        c = min(epsilon, 1)
    elif nc >= 1:
        nc = 1
        c = max(1 - epsilon, 0)
    return c, nc


def algorithm_2(c, nc, sigma_sum, factor):
    """Lines 5 to 25, for one class."""
    if abs(c - nc) < sigma_sum:
        nc = nc + factor * sigma_sum if nc >= c else nc - factor * sigma_sum
        if nc > 1:
            excess = nc - 1
            nc = 1
            c = max(0, c - excess)
        elif nc < 0:
            deficit = abs(nc)
            nc = 0
            c = min(1, c + deficit)
    return min(max(c, 0), 1), min(max(nc, 0), 1)


def draws(n=400):
    """Values of every kind: anywhere, equal, at the bounds, near each other as a softmax's means are."""
    generator = random.Random(0)  # noqa: S311  (a draw, not a secret)
    for _ in range(n):
        c = generator.choice([generator.random(), 0.0, 1.0, 0.1])
        nc = generator.choice([generator.random(), c, 0.0, 1.0, min(1.0, c + 0.01), max(0.0, c - 0.01)])
        yield c, nc


def columns():
    return (vector(*column) for column in zip(*draws(), strict=True))


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.5, 1.0])
def test_mean_nudge_is_algorithm_1(epsilon):
    """Oracle: the algorithm's lines in plain floats, class by class, over values of every kind."""
    values = mean_nudge(*columns(), 0.0, epsilon=epsilon)
    expected = [algorithm_1(c, nc, epsilon) for c, nc in draws()]
    assert pairs(values) == pytest.approx([pytest.approx(pair) for pair in expected])


@pytest.mark.parametrize("sigma_sum", [0.0, 0.05, 0.3, 2.8, 100.0])
@pytest.mark.parametrize("factor", [0.1, 1.0, 3.0])
def test_sigma_spacing_is_algorithm_2(sigma_sum, factor):
    """Oracle: the algorithm's lines in plain floats, class by class, over values of every kind."""
    values = sigma_spacing(TargetValues(*columns()), sigma_sum, scaling_factor=factor)
    expected = [algorithm_2(c, nc, sigma_sum, factor) for c, nc in draws()]
    assert pairs(values) == pytest.approx([pytest.approx(pair) for pair in expected])


def test_mean_nudge_by_hand():
    """Oracle: worked on paper, epsilon 0.1. The first class is that of Figure 1: near 0.1 and 0 from means near 0.1."""
    values = mean_nudge(vector(0.09, 0.09, 0.35, 0.5, 0.95), vector(0.08, 0.12, 0.3, 0.95, 0.96), 0.0)
    expected = [(0.1, 0), (0.09, 0.22), (0.35, 0.2), (0.9, 1), (0.9, 1)]
    assert pairs(values) == [pytest.approx(pair) for pair in expected]


def test_equal_means_go_down_in_algorithm_1_and_up_in_algorithm_2():
    """Oracle: line 15 of Algorithm 1 has >, line 7 of Algorithm 2 has >=."""
    assert pairs(mean_nudge(vector(0.5), vector(0.5), 0.0)) == [pytest.approx((0.5, 0.4))]
    assert pairs(sigma_spacing(TargetValues(vector(0.5), vector(0.5)), 0.1)) == [pytest.approx((0.5, 0.6))]


def test_bounds_and_distances_that_are_met_exactly():
    """Oracle: line 21 of Algorithm 1 has <=, line 5 of Algorithm 2 has <; all numbers are powers of 2."""
    assert pairs(mean_nudge(vector(0.75, 0.5), vector(0.25, 0.75), 0.0, epsilon=0.25)) == [(0.25, 0), (0.75, 1)]
    assert pairs(sigma_spacing(TargetValues(vector(0.5), vector(0.25)), 0.25)) == [(0.5, 0.25)]


def test_sigma_spacing_by_hand():
    """Oracle: Figure 1's class 0: the non-class value is at 0 already, so the class value moves up by sigma_sum."""
    values = TargetValues(vector(0.1, 0.9, 0.2), vector(0.0, 1.0, 0.8))
    spaced = sigma_spacing(values, 0.3)
    assert pairs(spaced) == [pytest.approx((0.4, 0.0)), pytest.approx((0.6, 1.0)), pytest.approx((0.2, 0.8))]
    assert pairs(values)[0] == (0.1, 0.0)  # what was given is left alone


def test_spacing_functions_come_before_the_nudge():
    """Oracle: the spacing applied by itself, then Algorithm 1's lines."""
    means = vector(0.09, 0.12, 0.1), vector(0.1, 0.095, 0.11)
    for spacing, spaced in (
        ("none", untrained_means(*means)),
        ("remap", remapped_means(*means)),
        ("sigma", sigma_spacing(TargetValues(*means), 0.2)),
    ):
        expected = [algorithm_1(c, nc, 0.05) for c, nc in pairs(spaced)]
        values = mean_nudge(*means, 0.2, epsilon=0.05, spacing=spacing)
        assert pairs(values) == [pytest.approx(pair) for pair in expected], spacing
    assert pairs(remapped_mean_nudge(*means, epsilon=0.05)) == pairs(
        mean_nudge(*means, 0.0, epsilon=0.05, spacing="remap")
    )


def test_fixed_strategies():
    """Oracle: section 4.4; soft targets of ten classes sum to 2.6."""
    assert pairs(one_hot(3)) == [(1, 0)] * 3
    assert pairs(soft(3)) == [(0.8, 0.2)] * 3
    assert soft(10).vectors()[4].sum().item() == pytest.approx(2.6)
    assert pairs(soft(2, class_value=0.7, non_class_value=0.1)) == [(0.7, 0.1)] * 2
    assert torch.equal(one_hot(4).vectors(), torch.eye(4, dtype=torch.float64))


def test_uniform_values_are_spread_over_the_range():
    """Oracle: the moments of the uniform distribution, 1/2 and 1/12; even ones are (2k+1)/4K exactly."""
    drawn = uniform(5000, torch.Generator().manual_seed(0))
    for column in (drawn.class_values, drawn.non_class_values):
        assert column.mean().item() == pytest.approx(0.5, abs=0.02)
        assert column.var().item() == pytest.approx(1 / 12, abs=0.005)
    even = uniform(3, torch.Generator().manual_seed(0), drawn=False)
    values = sorted(even.class_values.tolist() + even.non_class_values.tolist())
    assert values == pytest.approx([1 / 12, 3 / 12, 5 / 12, 7 / 12, 9 / 12, 11 / 12])


def test_uniform_values_follow_the_generator():
    """Oracle: another seed."""
    first, again, other = (uniform(4, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert pairs(first) == pairs(again) != pairs(other)


def test_remapped_means_use_the_full_range_and_keep_the_order():
    """Oracle: (m - 0.05) / 0.2 by hand."""
    values = remapped_means(vector(0.05, 0.15), vector(0.1, 0.25))
    assert pairs(values) == [pytest.approx((0, 0.25)), pytest.approx((0.5, 1))]
    assert pairs(remapped_means(vector(0.1, 0.1), vector(0.1, 0.1))) == [(0.1, 0.1)] * 2


def test_untrained_means_and_keep_change_nothing():
    values = untrained_means(vector(0.1, 0.2), vector(0.3, 0.4))
    assert pairs(values) == [(0.1, 0.3), (0.2, 0.4)]
    assert keep(values) is values


def test_vectors_per_class_and_per_neuron():
    """Oracle: section 3.1's three target vectors; section 6.6's other layout is its transpose."""
    values = TargetValues(vector(0.7, 0.8, 0.9), vector(0.1, 0.2, 0.3))
    by_class = [[0.7, 0.1, 0.1], [0.2, 0.8, 0.2], [0.3, 0.3, 0.9]]
    assert values.vectors().tolist() == by_class
    assert values.vectors("neuron").T.tolist() == by_class
    assert values.separation.tolist() == pytest.approx([0.6, 0.6, 0.6])


@pytest.mark.parametrize("epsilon", [0, -0.1, 1.1, math.nan])
def test_epsilon_out_of_range(epsilon):
    with pytest.raises(ValueError, match="epsilon must be above 0 and at most 1, but got"):
        mean_nudge(vector(0.1), vector(0.1), 0.0, epsilon=epsilon)


@pytest.mark.parametrize("factor", [0, -1, math.inf, math.nan])
def test_scaling_factor_out_of_range(factor):
    with pytest.raises(ValueError, match="scaling_factor must be finite and above 0, but got"):
        sigma_spacing(one_hot(2), 0.1, scaling_factor=factor)


def test_other_mistakes_are_named():
    with pytest.raises(ValueError, match="sigma_sum must be finite and at least 0, but got -1"):
        sigma_spacing(one_hot(2), -1)
    with pytest.raises(ValueError, match="spacing must be one of none, remap, sigma, but got 'even'"):
        mean_nudge(vector(0.1), vector(0.1), 0.0, spacing="even")
    with pytest.raises(ValueError, match=r"must lie in 0\.\.1, but got"):
        soft(3, class_value=1.2)
    with pytest.raises(ValueError, match="two vectors of one length"):
        TargetValues(vector(0.1, 0.2), vector(0.1))
    with pytest.raises(ValueError, match="values_per must be class or neuron, but got 'row'"):
        one_hot(2).vectors("row")
