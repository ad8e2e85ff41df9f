"""Domains of real numbers: uniform, log-uniform and truncated normal."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any, ClassVar

from search_spaces.domains.bounds import clamp, refuse
from search_spaces.values import number_rule

MIN_MASS = 1e-9  # of a truncated normal: below it the quantiles have too few digits to be inverted


class _Interval:
    """What real domains share; they are dataclasses of their own, so that each lists its fields in its own order."""

    low: float
    high: float

    def check(self, value: object) -> str | None:
        """The rule that `value` breaks, None if it is a number within the bounds."""
        if rule := number_rule(value):
            return rule
        if isinstance(value, int | float) and not self.low <= value <= self.high:
            return f"must lie in [{self.low:g}, {self.high:g}]"
        return None

    def cast(self, value: Any) -> float:
        """The value as a float."""
        return float(value)

    def values(self) -> None:
        """None: there are too many values to list."""

    def extremes(self) -> tuple[float, ...]:
        """The bounds."""
        return (self.low, self.high)


@dataclass(frozen=True)
class Uniform(_Interval):
    """Every real number in [low, high] is equally likely. Raises SpaceError unless low < high, both finite."""

    kind: ClassVar[str] = "uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        refuse(_bounds_rule(self.low, self.high), (self.low, self.high))

    @property
    def latent(self) -> tuple[float, float]:
        """The interval on which the domain is uniform: its own bounds."""
        return (float(self.low), float(self.high))

    def decode(self, x: float) -> float:
        """The value at latent position `x`, within the bounds for any x but NaN (ValueError)."""
        return clamp(x, self.latent)

    def encode(self, value: float) -> float:
        """The latent position of a value."""
        return float(value)

    def sample(self, rng: random.Random) -> float:
        """A value drawn from the domain."""
        return self.decode(rng.uniform(*self.latent))

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {self.kind: [self.low, self.high]}


@dataclass(frozen=True)
class LogUniform(_Interval):
    """Every order of magnitude in [low, high] is equally likely. Raises SpaceError unless 0 < low < high."""

    kind: ClassVar[str] = "loguniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        rule = _bounds_rule(self.low, self.high)
        if rule is None and self.low <= 0:
            rule = "`0 < low` must hold on a logarithmic scale"
        elif rule is None and math.log(self.low) >= math.log(self.high):
            rule = "the bounds must differ on a logarithmic scale"
        refuse(rule, (self.low, self.high))

    @cached_property
    def latent(self) -> tuple[float, float]:
        """The interval on which the domain is uniform: the natural logarithms of its bounds."""
        return (math.log(self.low), math.log(self.high))

    def decode(self, x: float) -> float:
        """The value at latent position `x`, within the bounds for any x but NaN (ValueError)."""
        # exp(log(low)) can miss low by one unit in the last place, hence the second clamp.
        return clamp(math.exp(clamp(x, self.latent)), (float(self.low), float(self.high)))

    def encode(self, value: float) -> float:
        """The latent position of a value."""
        return math.log(value)

    def sample(self, rng: random.Random) -> float:
        """A value drawn from the domain."""
        return self.decode(rng.uniform(*self.latent))

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {self.kind: [self.low, self.high]}


@dataclass(frozen=True)
class Normal(_Interval):
    """A normal distribution cut off at [low, high].

    Raises SpaceError unless std > 0, low < high, and the interval holds at least MIN_MASS of the distribution.
    """

    kind: ClassVar[str] = "normal"
    mean: float
    std: float
    low: float
    high: float

    def __post_init__(self) -> None:
        rule = _bounds_rule(self.low, self.high) or number_rule(self.mean) or number_rule(self.std)
        if rule is None and self.std <= 0:
            rule = "`0 < std` must hold"
        elif rule is None and self.latent[1] - self.latent[0] < MIN_MASS:
            rule = f"the interval must hold at least {MIN_MASS:g} of the distribution's mass"
        refuse(rule, {"mean": self.mean, "std": self.std, "low": self.low, "high": self.high})

    @cached_property
    def latent(self) -> tuple[float, float]:
        """The interval on which the domain is uniform: the quantiles of its bounds."""
        distribution = NormalDist(self.mean, self.std)
        return (distribution.cdf(self.low), distribution.cdf(self.high))

    def decode(self, x: float) -> float:
        """The value at quantile `x`, within the bounds for any x but NaN (ValueError)."""
        quantile = clamp(x, self.latent)
        # The quantiles 0 and 1 lie at infinity; a bound far out in a tail has one of them after rounding.
        if quantile <= 0.0:
            return float(self.low)
        if quantile >= 1.0:
            return float(self.high)
        return clamp(NormalDist(self.mean, self.std).inv_cdf(quantile), (float(self.low), float(self.high)))

    def encode(self, value: float) -> float:
        """The quantile of a value."""
        return NormalDist(self.mean, self.std).cdf(value)

    def sample(self, rng: random.Random) -> float:
        """A value drawn from the domain."""
        return self.decode(rng.uniform(*self.latent))

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {self.kind: {"mean": self.mean, "std": self.std, "low": self.low, "high": self.high}}


def _bounds_rule(low: float, high: float) -> str | None:
    rule = number_rule(low) or number_rule(high)
    if rule is not None:
        return rule
    if low >= high:
        return "`low < high` must hold (a single value is a `constant`)"
    if not math.isfinite(float(high) - float(low)):
        return "`high - low` must be finite"
    return None
