"""How long each running trial has given no sign of life: its start, or a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

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


class FileWatch:
    """The same for processes that are known only by a file, which each writes as it begins and after every epoch."""

    def __init__(self, files: Mapping[int, Path], limit_s: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.limit_s, self._files = limit_s, files
        self._watch = Watch(limit_s, now=now)
        self._written = {number: _written_at(path) for number, path in files.items()}  # by an earlier session
        self._begun: set[int] = set()

    def overdue(self) -> list[int]:
        """Those that have begun and have not written for longer than the limit."""
        for number, path in self._files.items():
            if (written := _written_at(path)) != self._written[number]:
                self._written[number] = written
                self._begun.add(number)
                self._watch.alive(number)
        return self._watch.overdue(self._begun)

    def starts_over(self, number: int) -> None:
        """Forget that it has begun: another process will write its file, once there is room for it."""
        self._written[number] = _written_at(self._files[number])
        self._begun.discard(number)


def _written_at(path: Path) -> int:
    """In nanoseconds; 0 if there is no such file."""
    return path.stat().st_mtime_ns if path.exists() else 0


def silent_for(limit_s: float) -> str:
    """What is said of a trial or a final run that is ended for its silence."""
    return f"no result within {limit_s:g} s (search.epoch_timeout)"
