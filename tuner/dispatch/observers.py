"""Those who follow a search as it happens: the recorder, the progress on a terminal, the keeper of checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

_log = logging.getLogger(__name__)


class Observers:
    """Tells each of them every event.

    What one of them raises is its own trouble: the event stands in the ledger, whoever could not take it in.
    """

    def __init__(self, observers: Sequence[Callable[[dict[str, Any]], None]]) -> None:
        self._observers = observers
        self._said: set[tuple[int, str]] = set()

    def tell(self, event: dict[str, Any]) -> None:
        """Hand on one event; a failure is logged, the same one of the same observer once."""
        for number, observer in enumerate(self._observers):
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001  (an event that was written must be applied, whatever they raise)
                trouble = f"{type(error).__name__}: {error}"
                if (number, trouble) not in self._said:
                    self._said.add((number, trouble))
                    _log.warning("the search goes on, but one that follows it failed: %s", trouble)
