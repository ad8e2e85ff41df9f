"""Whether two samples differ by more than luck: paired tests over shared seeds, Holm's correction. Pure.

From 3 pairs on a paired t test; from 20 on a paired bootstrap, which needs no normal differences; nothing below 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from results.statistics import CONFIDENCE, mean_half_width

LEVEL = 1 - CONFIDENCE
MIN_PAIRS = 3
BOOTSTRAP_PAIRS = 20
RESAMPLES = 9_999
_SEED = 20  # any fixed number: the same records give the same p, to the last digit


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two samples compared. difference: mean of the first minus mean of the second, None without values.

    half_width: of the difference's 95% interval, None where there is none. p: two-sided, None where nothing was
    tested. n: the pairs, or the sizes of both samples. test: its name in words, empty with the reason in `why`.
    """

    difference: float | None = None
    half_width: float | None = None
    p: float | None = None
    n: tuple[int, ...] = (0,)
    test: str = ""
    why: str = ""

    @property
    def said(self) -> str:
        """The test with its n: "paired t test, n=5"; why there is none."""
        return f"{self.test}, n={' and '.join(map(str, self.n))}" if self.test else self.why


def compare_by_seed(first: Mapping[int, float], second: Mapping[int, float]) -> Comparison:
    """The runs of both that have the same seed, in pairs. Values that are not finite are left out with their pair."""
    pairs = [
        (value, second[seed])
        for seed, value in first.items()
        if seed in second and math.isfinite(value) and math.isfinite(second[seed])
    ]
    return paired([left for left, _ in pairs], [right for _, right in pairs])


def paired(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Run i of the first beside run i of the second. Raises ValueError if their numbers differ.

    Differences that are all equal have no variance for t to go by: then the exact test by signs, p = 2^(1 - n), and 1
    if they are all zero.
    """
    if len(first) != len(second):
        raise ValueError(f"pairs need as many of both, but got {len(first)} and {len(second)}")
    differences = [left - right for left, right in zip(first, second, strict=True)]
    n = len(differences)
    if n == 0:
        return Comparison(why="no shared seeds")
    mean = fmean(differences)
    if n < MIN_PAIRS:
        return Comparison(difference=mean, n=(n,), why=f"{n} shared {'seed' if n == 1 else 'seeds'}, fewer than 3")
    scale = max(map(abs, (*first, *second)))
    if stdev(differences) <= 1e-12 * scale:
        zero = abs(mean) <= 1e-12 * scale
        p, test = (1.0, "paired t test") if zero else (2.0 ** (1 - n), "sign test")
        return Comparison(difference=mean, half_width=0.0 if zero else None, p=p, n=(n,), test=test)
    if n < BOOTSTRAP_PAIRS:
        from scipy import stats

        t = mean / (stdev(differences) / math.sqrt(n))
        p = 2 * float(stats.t.sf(abs(t), n - 1))
        half = mean_half_width(differences)
        return Comparison(difference=mean, half_width=half, p=p, n=(n,), test="paired t test")
    p, half = _bootstrap(differences)
    return Comparison(difference=mean, half_width=half, p=p, n=(n,), test="paired bootstrap")


def welch(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Two samples without pairs and with variances of their own: Welch's t test, from 3 values of each on."""
    first, second = (tuple(filter(math.isfinite, values)) for values in (first, second))
    n = (len(first), len(second))
    difference = fmean(first) - fmean(second) if first and second else None
    if difference is None or min(n) < MIN_PAIRS:
        return Comparison(difference=difference, n=n, why=f"{n[0]} and {n[1]} runs, fewer than 3")
    shares = [stdev(values) ** 2 / len(values) for values in (first, second)]
    error = math.sqrt(sum(shares))
    if error <= 1e-12 * max(map(abs, (*first, *second))):
        return Comparison(difference=difference, n=n, why="the runs do not differ among themselves")
    from scipy import stats

    degrees = sum(shares) ** 2 / sum(share**2 / (k - 1) for share, k in zip(shares, n, strict=True))
    p = 2 * float(stats.t.sf(abs(difference) / error, degrees))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees)) * error
    return Comparison(difference=difference, half_width=half, p=p, n=n, test="Welch's t test")


def compare(first: Mapping[int, float], second: Mapping[int, float]) -> Comparison:
    """In pairs where seeds are shared, Welch's test where none is.

    Where some are, but too few to test, the difference is that of the means of all runs.
    """
    apart = welch(tuple(first.values()), tuple(second.values()))
    if not first.keys() & second.keys():
        return apart
    found = compare_by_seed(first, second)
    return found if found.test else replace(found, difference=apart.difference)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """P values of one family, adjusted so that the chance of any false claim stays at the level; None stays None.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure: p_(i) * (m - i), its running maximum.
    """
    order = sorted((i for i, p in enumerate(ps) if p is not None), key=lambda i: ps[i] or 0.0)
    adjusted: list[float | None] = [None] * len(ps)
    largest = 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * (ps[index] or 0.0)))
        adjusted[index] = largest
    return adjusted


def _bootstrap(differences: Sequence[float]) -> tuple[float, float | None]:
    """P and half the interval by the bootstrap of t: each resample's mean in units of its own standard error.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 12.5 and 16.4. The interval is the symmetric one.
    """
    import numpy as np

    values = np.asarray(differences)
    n, mean = len(values), values.mean()
    draws = values[np.random.default_rng(_SEED).integers(0, n, (RESAMPLES, n))]
    errors = draws.std(axis=1, ddof=1) / math.sqrt(n)
    apart = np.abs(draws.mean(axis=1) - mean)
    # A resample of equal values has no error of its own: it counts as far away, unless its mean is right.
    ts = np.where(errors > 0, apart / np.where(errors > 0, errors, 1), np.where(apart > 0, np.inf, 0.0))
    error = values.std(ddof=1) / math.sqrt(n)
    p = (1 + int((ts >= abs(mean) / error).sum())) / (RESAMPLES + 1)
    quantile = float(np.quantile(ts, CONFIDENCE, method="higher"))
    return p, quantile * float(error) if math.isfinite(quantile) else None
