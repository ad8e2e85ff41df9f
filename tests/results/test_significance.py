"""Tests of differences beside scipy, hand values, and how often they raise a false alarm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from results.significance import compare, compare_by_seed, holm, paired, welch

FIRST = [0.912, 0.934, 0.897, 0.921, 0.940]
SECOND = [0.905, 0.921, 0.899, 0.910, 0.922]


def test_a_paired_t_test_is_scipys():
    """Oracle: scipy.stats.ttest_rel, its p and its interval."""
    found, oracle = paired(FIRST, SECOND), stats.ttest_rel(FIRST, SECOND)
    assert found.p == pytest.approx(oracle.pvalue)
    low, high = oracle.confidence_interval(0.95)
    assert found.difference == pytest.approx((low + high) / 2)
    assert found.half_width == pytest.approx((high - low) / 2)
    assert (found.test, found.n, found.said) == ("paired t test", (5,), "paired t test, n=5")


def test_the_order_of_the_samples_is_the_sign_alone():
    one, other = paired(FIRST, SECOND), paired(SECOND, FIRST)
    assert one.difference == pytest.approx(-(other.difference or 0))
    assert one.p == pytest.approx(other.p)


def test_welchs_test_is_scipys():
    """Oracle: scipy.stats.ttest_ind without equal variances."""
    found, oracle = welch(FIRST, SECOND[:4]), stats.ttest_ind(FIRST, SECOND[:4], equal_var=False)
    assert found.p == pytest.approx(oracle.pvalue)
    low, high = oracle.confidence_interval(0.95)
    assert found.half_width == pytest.approx((high - low) / 2)
    assert found.n == (5, 4)


@pytest.mark.parametrize(("n", "why"), [(0, "no shared seeds"), (1, "1 shared seed,"), (2, "2 shared seeds,")])
def test_nothing_is_tested_below_three_pairs(n, why):
    found = paired(FIRST[:n], SECOND[:n])
    assert found.p is None
    assert found.half_width is None
    assert found.said.startswith(why)


def test_differences_without_variance_are_not_infinitely_sure():
    """Oracle: by hand: all of 3 signs agree by chance in 2 of 8 cases; t would say p = 0."""
    found = paired([0.91, 0.92, 0.93], [0.90, 0.91, 0.92])
    assert (found.p, found.test, found.half_width) == (0.25, "sign test", None)
    assert paired([0.5] * 5, [0.5] * 5).p == 1.0
    twenty = [index / 100 for index in range(20)]
    assert paired([value + 0.25 for value in twenty], twenty).p == 2.0**-19


def test_runs_are_paired_by_their_seed_and_those_without_a_finite_value_are_left_out():
    """Oracle: the same pairs put together by hand."""
    first = {1: 0.9, 2: 0.8, 3: 0.7, 4: math.nan, 5: 0.6}
    second = {5: 0.5, 4: 0.1, 3: 0.65, 2: 0.81, 1: math.inf, 9: 1.0}
    assert compare_by_seed(first, second) == paired([0.8, 0.7, 0.6], [0.81, 0.65, 0.5])


def test_without_shared_seeds_welchs_test_stands_in():
    first, second = dict(enumerate(FIRST)), {100 + seed: value for seed, value in enumerate(SECOND)}
    assert compare(first, second) == welch(FIRST, SECOND)
    assert compare(first, dict(enumerate(SECOND))) == paired(FIRST, SECOND)
    # Some seeds are shared: the samples hang together, and too few pairs are left to say how.
    few = compare(first, {0: 0.9, 101: 0.8, 102: 0.7})
    assert (few.p, few.why) == (None, "1 shared seed, fewer than 3")
    assert few.difference == pytest.approx(sum(FIRST) / 5 - 0.8)
    assert welch(FIRST, SECOND[:2]).why == "5 and 2 runs, fewer than 3"
    assert welch([0.5] * 3, [0.6] * 3).p is None


def test_unequal_numbers_are_no_pairs():
    with pytest.raises(ValueError, match="5 and 4"):
        paired(FIRST, SECOND[:4])


def test_from_twenty_pairs_on_a_bootstrap_with_the_same_answer_every_time():
    """Oracle: for normal differences scipy's t test, which the bootstrap of t must come near."""
    generator = np.random.default_rng(3)
    first, noise = generator.normal(0.9, 0.02, 30), generator.normal(0.003, 0.01, 30)
    found = paired(first, first - noise)
    oracle = stats.ttest_rel(first, first - noise)
    assert found.test == "paired bootstrap"
    assert found.p == pytest.approx(oracle.pvalue, abs=0.02)
    low, high = oracle.confidence_interval(0.95)
    assert found.half_width == pytest.approx((high - low) / 2, rel=0.08)
    assert found == paired(first, first - noise)
    assert paired(first[:19], (first - noise)[:19]).test == "paired t test"


def test_one_lucky_seed_of_twenty_is_no_difference():
    """A resample without it has no spread: it counts as far away, and there is no finite interval."""
    found = paired([0.5] * 19 + [0.6], [0.5] * 20)
    assert (found.p or 0) > 0.3
    assert found.half_width is None


@pytest.mark.parametrize("n", [3, 5, 25])
def test_false_alarms_are_as_rare_as_promised(n):
    """Oracle: simulation of samples that do not differ; 1,500 draws leave a standard error of 0.6 points."""
    generator = np.random.default_rng(n)
    draws = 1500 if n < 20 else 400
    alarms = 0
    for _ in range(draws):
        shared = generator.normal(0.9, 0.05, n)
        found = paired(shared + generator.normal(0, 0.01, n), shared + generator.normal(0, 0.01, n))
        alarms += (found.p or 0) < 0.05
    assert alarms / draws == pytest.approx(0.05, abs=0.02)


def test_holm_by_hand():
    """Oracle: worked by hand: sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, and never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, None, 0.03]) == pytest.approx([0.02, None, 0.03], nan_ok=True)
    assert holm([0.5, 0.6, 0.7]) == [1.0, 1.0, 1.0]
    assert holm([]) == []
    assert holm([0.02, 0.02]) == pytest.approx([0.04, 0.04])


def test_a_family_of_ten_raises_a_false_alarm_one_time_in_twenty():
    """Oracle: simulation: uncorrected, ten tests would raise one in 40% of the families."""
    generator = np.random.default_rng(0)
    families = generator.uniform(size=(2000, 10))
    alarms = sum(min(p for p in holm(list(family)) if p is not None) < 0.05 for family in families)
    assert alarms / 2000 == pytest.approx(0.05, abs=0.015)
