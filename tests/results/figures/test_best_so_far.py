"""Best value against epochs spent. Oracle: hand-worked trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from results.figures import best_so_far
from results.figures.source import NotDrawnError, Source, StudySource
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState

STUDY = StudyRecord(
    study_id="s", name="s", metric="val/accuracy", mode="max", source="", fingerprint="", started_at_ms=0
)


def trial(
    number: int, values: Sequence[tuple[int, int, float]], state: TrialState = TrialState.COMPLETE
) -> TrialRecord:
    """values: (step, at_ms, value)."""
    results = tuple(ResultRecord(step=step, at_ms=at, metrics={"val/accuracy": value}) for step, at, value in values)
    return TrialRecord(
        trial_id=f"s/c/{number:04d}", number=number, config={}, seed=1, state=state, started_at_ms=0, results=results
    )


def source(trials: Sequence[TrialRecord], key: str = "c", cell: Mapping[str, Any] | None = None) -> Source:
    search = SearchRecord(
        search_id=f"s/{key}",
        key=key,
        cell=cell or {},
        metric="val/accuracy",
        mode="max",
        started_at_ms=0,
        params={"budget": "9 epoch"},
    )
    return Source(outcome=SearchOutcome(search=search, trials=trials), load=dict)


SIDE_BY_SIDE = [
    trial(0, [(1, 10, 0.5), (2, 30, 0.7), (3, 50, 0.6)]),
    trial(1, [(1, 20, 0.4), (3, 40, 0.8)]),  # a step that was not reported costs its epoch all the same
    trial(2, [(1, 15, 0.9), (2, 60, float("nan"))], TrialState.DIVERGED),
]


def test_one_search_in_the_order_of_the_clock() -> None:
    """Oracle: by hand: epochs 1 (0.5), 2 (failed), 3 (0.4), 4 (0.7), 6 (0.8), 7, 8; the failed 0.9 never counts."""
    data = best_so_far.data(source(SIDE_BY_SIDE))
    assert data.searches == (("c", (1, 4, 6, 8), (0.5, 0.7, 0.8, 0.8)),)
    assert (data.metric, data.step, data.others) == ("val/accuracy", "epoch", ())
    with pytest.raises(NotDrawnError, match="no trial that did not fail reported the metric"):
        best_so_far.data(source(SIDE_BY_SIDE[2:]))


def test_searches_of_a_study_best_first() -> None:
    """Oracle: six can be told apart; the others end below them and are drawn without a name of their own."""
    searches = [source([trial(0, [(1, 1, 0.1 * n)])], f"s{n}") for n in range(9)]
    data = best_so_far.study_data(StudySource(study=STUDY, searches=(*searches, source([], "empty"))))
    assert [search.name for search in data.searches] == ["s8", "s7", "s6", "s5", "s4", "s3"]
    assert [search.name for search in data.others] == ["s2", "s1", "s0"]
    named = [source([trial(0, [(1, 1, 0.1)])], "k", {"loss": "cosine", "d": d, "same": 1}) for d in (2, 3)]
    told = best_so_far.study_data(StudySource(study=STUDY, searches=tuple(named))).searches
    assert [search.name for search in told] == ["d=2", "d=3"]  # what sets them apart
    legend = best_so_far.draw(data).axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()][-2:] == ["s3", "3 others"]
    with pytest.raises(NotDrawnError, match="needs two searches"):
        best_so_far.study_data(StudySource(study=STUDY, searches=tuple(searches[:1])))
