"""What all bounded domains do with their bounds."""

from __future__ import annotations

import math

from search_spaces.violations import SpaceError, Violation


def clamp(x: float, interval: tuple[float, float]) -> float:
    """The point of the closed interval that is nearest to `x`. Raises ValueError if x is NaN."""
    if math.isnan(x):
        raise ValueError("a latent position must not be NaN")
    low, high = interval
    return min(max(x, low), high)


def refuse(rule: str | None, given: object) -> None:
    """Raise a SpaceError that names the rule and what was given, unless the rule is None."""
    if rule is not None:
        raise SpaceError([Violation((), rule, given)])
