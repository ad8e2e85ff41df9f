"""A bound on the work that judging a space may take: the same on every machine, unlike a time limit.

Conditions can be written so that finding two branches that hold at once, or walking all paths, takes years.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_left: ContextVar[list[int] | None] = ContextVar("steps left", default=None)


class TooMuchWorkError(Exception):
    """More steps were taken than `limited` allows."""


@contextmanager
def limited(steps: int) -> Iterator[None]:
    """Let the block take this many steps. A step is about what one parameter of one configuration costs: 5 us."""
    token = _left.set([steps])
    try:
        yield
    finally:
        _left.reset(token)


def spend(steps: int = 1) -> None:
    """Take some steps. Raises TooMuchWorkError once none are left; outside of `limited` there is no bound."""
    left = _left.get()
    if left is None:
        return
    left[0] -= steps
    if left[0] < 0:
        raise TooMuchWorkError
