"""No adjustment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainables.targets.values import TargetValues


def keep(values: TargetValues) -> TargetValues:
    """The values as they are, for the whole of training."""
    return values
