"""How long each running trial has given no sign of life: its start, or a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

_MOST_AT_ONCE_S = 5.0


class Watch:
    """Finds trials whose epoch takes longer than `limit_s`.

    Time in which nobody looked does not count beyond five seconds: a driver that was stopped itself finds results
    waiting, and must not take their trials for hanging.
    """

    def __init__(self, limit_s: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.limit_s, self._now = limit_s, now
        self._silent_s: dict[int, float] = {}
        self._looked_s = now()

    def alive(self, number: int) -> None:
        """The trial has started or reported."""
        self._silent_s[number] = 0.0

    def overdue(self, running: Collection[int]) -> list[int]:
        """Those of the running trials that are silent for longer than the limit; others are forgotten."""
        now_s = self._now()
        passed_s = min(now_s - self._looked_s, _MOST_AT_ONCE_S)
        self._looked_s = now_s
        self._silent_s = {number: self._silent_s.get(number, 0.0) + passed_s for number in running}
        return [number for number, silent_s in self._silent_s.items() if silent_s > self.limit_s]
