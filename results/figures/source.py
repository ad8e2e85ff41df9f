"""What a figure may be made of: a search with every result, the arrays of its best trial; or all of a study. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from results.records import SearchOutcome, SearchRecord, StudyRecord, TrialRecord

    Arrays = Mapping[str, np.ndarray[Any, Any]]


class NotDrawnError(Exception):
    """A figure that there are no data for; the message says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One search. outcome: with every result of its trials. load: fetches the arrays of the best trial's best step.

    pack: fetches them as the bytes of an .npz file, None if there are none; what has no such file does without.
    """

    outcome: SearchOutcome
    load: Callable[[], Arrays]
    pack: Callable[[], bytes | None] | None = None

    @property
    def search(self) -> SearchRecord:
        """The search itself."""
        return self.outcome.search

    @property
    def trial(self) -> TrialRecord:
        """The best trial. Raises NotDrawnError if there is none."""
        best = self.outcome.best_trial
        if best is None:
            raise NotDrawnError("no trial succeeded")
        return best

    @cached_property
    def arrays(self) -> Arrays:
        """Everything that was kept of the best trial; empty if nothing was."""
        return self.load()

    @property
    def split(self) -> str:
        """Which images the arrays are of, in a word: "validation" or "test"."""
        return str(self.arrays.get("split", "validation"))

    def need(self, *names: str) -> tuple[np.ndarray[Any, Any], ...]:
        """Arrays by name. Raises NotDrawnError if one was not kept."""
        missing = [name for name in names if name not in self.arrays]
        if missing:
            raise NotDrawnError(f"the best trial kept no {', '.join(missing)}")
        return tuple(self.arrays[name] for name in names)


@dataclass(frozen=True, kw_only=True)
class StudySource:
    """A study with its searches, in the order of the grid."""

    study: StudyRecord
    searches: tuple[Source, ...]
