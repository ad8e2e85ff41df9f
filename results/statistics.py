"""Intervals: what a handful of runs over seeds, and a test set of a certain size, let one say. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev

CONFIDENCE = 0.95


def mean_half_width(values: Sequence[float], *, confidence: float = CONFIDENCE) -> float | None:
    """Half the confidence interval of the mean, t * s / sqrt(k); None below two values."""
    k = len(values)
    return None if k < 2 else _t(k, confidence) * stdev(values) / math.sqrt(k)


def prediction_half_width(values: Sequence[float], *, confidence: float = CONFIDENCE) -> float | None:
    """Half the interval that one new run falls into, t * s * sqrt(1 + 1/k); None below two values.

    values: the k runs at hand, taken as normal draws; t has k - 1 degrees of freedom.
    """
    k = len(values)
    return None if k < 2 else _t(k, confidence) * stdev(values) * math.sqrt(1 + 1 / k)


def binomial_half_width(proportion: float, n: int, *, confidence: float = CONFIDENCE) -> float:
    """Half the interval of a proportion that was counted over n samples, after Agresti and Coull.

    The proportion is drawn towards one half by z^2 / 2 successes and failures, so that 0 and 1 have a width too.
    Raises ValueError unless 0 <= proportion <= 1 and n >= 1.
    """
    if not 0 <= proportion <= 1 or n < 1:
        raise ValueError(f"`0 <= proportion <= 1` and `n >= 1` must hold, but got {proportion} and {n}")
    from scipy import stats  # a second of imports: not for those who only print help

    z = float(stats.norm.ppf((1 + confidence) / 2))
    drawn = (proportion * n + z**2 / 2) / (n + z**2)
    return z * math.sqrt(drawn * (1 - drawn) / (n + z**2))


def _t(k: int, confidence: float) -> float:
    from scipy import stats

    return float(stats.t.ppf((1 + confidence) / 2, k - 1))
