"""What a figure may be made of: one search's best trial, its results and its arrays. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from results.records import SearchRecord, TrialRecord


class NotDrawnError(Exception):
    """A figure that this search has no data for; the message says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A search, its best trial with every result, and the arrays that were kept of that trial's best step."""

    search: SearchRecord
    trial: TrialRecord
    arrays: Mapping[str, np.ndarray[Any, Any]]

    def need(self, *names: str) -> tuple[np.ndarray[Any, Any], ...]:
        """Arrays by name. Raises NotDrawnError if one was not kept."""
        missing = [name for name in names if name not in self.arrays]
        if missing:
            raise NotDrawnError(f"the best trial kept no {', '.join(missing)}")
        return tuple(self.arrays[name] for name in names)
