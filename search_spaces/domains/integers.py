"""Domains of integers, bounds included: evenly, or evenly on a logarithmic scale."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, ClassVar

from search_spaces.domains.bounds import clamp, refuse
from search_spaces.values import integer_rule

MAX_LISTED = 1000  # an integer domain with more values is not listed, and so neither a grid nor a condition's key


@dataclass(frozen=True)
class _IntegerInterval:
    """What integer domains share. Their latent interval gives each integer the room of ±0.5 around it."""

    low: int
    high: int

    def check(self, value: object) -> str | None:
        """The rule that `value` breaks, None if it is an integer within the bounds. 3.0 and True are refused."""
        if rule := integer_rule(value):
            return rule
        if isinstance(value, int) and not self.low <= value <= self.high:
            return f"must lie in [{self.low}, {self.high}]"
        return None

    def cast(self, value: Any) -> int:
        """The value as an int."""
        return int(value)

    def values(self) -> tuple[int, ...] | None:
        """All values in rising order, None if there are more than MAX_LISTED."""
        if self.high - self.low >= MAX_LISTED:
            return None
        return tuple(range(self.low, self.high + 1))

    def extremes(self) -> tuple[int, ...]:
        """The bounds."""
        return (self.low, self.high)


@dataclass(frozen=True)
class Int(_IntegerInterval):
    """Every integer in [low, high] is equally likely. Raises SpaceError unless low <= high."""

    kind: ClassVar[str] = "int"

    def __post_init__(self) -> None:
        refuse(_bounds_rule(self.low, self.high), (self.low, self.high))

    @property
    def latent(self) -> tuple[float, float]:
        """The interval on which the domain is uniform: half an integer beyond the bounds."""
        return (self.low - 0.5, self.high + 0.5)

    def decode(self, x: float) -> int:
        """The integer nearest to `x`, within the bounds for any x but NaN (ValueError)."""
        return min(max(round(clamp(x, self.latent)), self.low), self.high)

    def encode(self, value: int) -> float:
        """The latent position of a value: the middle of its room."""
        return float(value)

    def sample(self, rng: random.Random) -> int:
        """A value drawn from the domain."""
        return rng.randint(self.low, self.high)

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {self.kind: [self.low, self.high]}


@dataclass(frozen=True)
class LogInt(_IntegerInterval):
    """The integers in [low, high], k with a weight of log((k + 0.5) / (k - 0.5)), nearly 1/k.

    Raises SpaceError unless 1 <= low <= high.
    """

    kind: ClassVar[str] = "logint"

    def __post_init__(self) -> None:
        rule = _bounds_rule(self.low, self.high)
        if rule is None and self.low < 1:
            rule = "`1 <= low` must hold on a logarithmic scale"
        refuse(rule, (self.low, self.high))

    @property
    def latent(self) -> tuple[float, float]:
        """The interval on which the domain is uniform: the logarithms of half an integer beyond the bounds."""
        return (math.log(self.low - 0.5), math.log(self.high + 0.5))

    def decode(self, x: float) -> int:
        """The integer nearest to exp(x), within the bounds for any x but NaN (ValueError)."""
        return min(max(round(math.exp(clamp(x, self.latent))), self.low), self.high)

    def encode(self, value: int) -> float:
        """The latent position of a value."""
        return math.log(value)

    def sample(self, rng: random.Random) -> int:
        """A value drawn from the domain."""
        return self.decode(rng.uniform(*self.latent))

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {self.kind: [self.low, self.high]}


def _bounds_rule(low: int, high: int) -> str | None:
    rule = integer_rule(low) or integer_rule(high)
    if rule is None and low > high:
        rule = "`low <= high` must hold"
    return rule
