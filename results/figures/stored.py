"""What figures are made of, from a store: nothing is read before a figure asks for it, but the records given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from results.figures.source import Source, StudySource

if TYPE_CHECKING:
    from results.figures.source import Arrays
    from results.records import SearchOutcome, StudyRecord
    from results.store import Store


def stored_source(store: Store, outcome: SearchOutcome) -> Source:
    """A search of a store. outcome: with every result of its trials."""
    run = outcome.run_id

    def pack() -> bytes | None:
        return store.packed_arrays(run) if run is not None else None

    def load() -> Arrays:
        return store.arrays(run) if run is not None else {}

    return Source(outcome=outcome, load=load, pack=pack)


def stored_study(store: Store, study: StudyRecord, outcomes: Sequence[SearchOutcome]) -> StudySource:
    """A study of a store with its searches. outcomes: with every result of their trials."""
    return StudySource(study=study, searches=tuple(stored_source(store, outcome) for outcome in outcomes))
