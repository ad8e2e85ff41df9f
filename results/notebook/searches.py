"""The searches of a study, by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from results.notebook.errors import not_there
from results.notebook.frames import frame
from results.summary import summary

if TYPE_CHECKING:
    from results.records import SearchOutcome


class Searches(Mapping[str, "SearchOutcome"]):
    """Searches by key, in the order of their start: `searches["cosine"].best_trial.config`.

    A notebook shows them as the best-models table. A key that is not there raises a KeyError with the choices.
    """

    def __init__(self, outcomes: Sequence[SearchOutcome]) -> None:
        self._by_key = {outcome.search.key: outcome for outcome in outcomes}

    def __getitem__(self, key: str) -> SearchOutcome:
        if key not in self._by_key:
            raise not_there("search", key, self._by_key)
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __repr__(self) -> str:
        return f"<{len(self)} searches: {', '.join(self)}>"

    def _repr_html_(self) -> str:
        return str(frame(summary(list(self.values()))).to_html(index=False, na_rep="", border=0))
