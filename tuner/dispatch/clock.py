"""How long a search has been at work, by its ledger: time between two sessions is nobody's."""

from __future__ import annotations

from collections.abc import Callable


class SearchClock:
    """Adds up the seconds between the events of each session."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._elapsed_s, self._last_event_s = 0.0, 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds at work until now."""
        return self._elapsed_s + self.now() - self._last_event_s

    def advance(self, event: str, at_s: float) -> None:
        """An event happened at this time, now or in an earlier session."""
        if event != "session":
            self._elapsed_s += max(0.0, at_s - self._last_event_s)
        self._last_event_s = at_s
