"""Intervals beside scipy, hand values, and how often they hold what they promise."""

from __future__ import annotations

import math
from statistics import fmean, stdev

import numpy as np
import pytest
from scipy import stats

from results.statistics import binomial_half_width, mean_half_width, prediction_half_width


def test_the_interval_of_a_mean_is_scipys():
    """Oracle: scipy's t interval with the standard error of the mean."""
    values = [0.91, 0.94, 0.89, 0.93]
    low, high = stats.t.interval(0.95, len(values) - 1, loc=fmean(values), scale=stats.sem(values))
    assert mean_half_width(values) == pytest.approx((high - low) / 2)


def test_the_interval_of_a_new_run_by_hand():
    """Oracle: t of one degree of freedom is 12.706 (printed tables); s of (1, 3) is sqrt(2)."""
    assert prediction_half_width([1.0, 3.0]) == pytest.approx(12.706 * math.sqrt(2) * math.sqrt(1.5), rel=1e-4)


def test_one_run_has_no_interval():
    assert mean_half_width([1.0]) is None
    assert prediction_half_width([1.0]) is None


def test_binomial_error_by_hand():
    """Oracle: Agresti and Coull at x = 90 of 100: (90 + 1.92) / 103.84 = 0.8852, 1.96 * sqrt(p q / 103.84)."""
    assert binomial_half_width(0.9, 100) == pytest.approx(1.96 * math.sqrt(0.8852 * 0.1148 / 103.84), rel=1e-3)
    assert binomial_half_width(1.0, 1000) > 0


@pytest.mark.parametrize(("proportion", "n"), [(1.1, 10), (-0.1, 10), (0.5, 0)])
def test_no_proportion_no_error(proportion, n):
    with pytest.raises(ValueError, match="must hold"):
        binomial_half_width(proportion, n)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_a_new_run_falls_into_its_interval_95_times_in_a_hundred(k):
    """Oracle: simulation of normal runs; with 4,000 draws the share's own standard error is 0.35 points."""
    generator = np.random.default_rng(k)
    hits = 0
    for _ in range(4000):
        values = [generator.normal(0.8, 0.1) for _ in range(k)]
        hits += abs(generator.normal(0.8, 0.1) - fmean(values)) <= (prediction_half_width(values) or 0)
    assert hits / 4000 == pytest.approx(0.95, abs=0.012)


def test_the_interval_shrinks_to_the_spread_of_the_runs():
    """Oracle: for many runs 1.96 standard deviations."""
    generator = np.random.default_rng(0)
    values = [generator.normal(0, 1) for _ in range(5000)]
    assert prediction_half_width(values) == pytest.approx(1.96 * stdev(values), rel=1e-3)
