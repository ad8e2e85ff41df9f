"""A study of one search, and its trials: what tests of the store send."""

from __future__ import annotations

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState

STUDY = StudyRecord(
    study_id="digits",
    name="digits",
    metric="val/accuracy",
    mode="max",
    source="name: digits\n",
    fingerprint="f00d",
    started_at_ms=1_000,
    params={"searcher": "hyperopt"},
    tags={"git_commit": "abc"},
)
SEARCH = SearchRecord(
    search_id="digits/cosine",
    key="cosine",
    cell={"loss": "cosine"},
    metric="val/accuracy",
    mode="max",
    started_at_ms=1_500,
    params={"trials": 5, "seed": 1},
)
ACCURACIES = (0.5, 0.9, 0.7)


def trial(number: int, state: TrialState, accuracies=ACCURACIES, **more) -> TrialRecord:
    results = tuple(
        ResultRecord(step=step, at_ms=2_000 + step, metrics={"val/accuracy": value, "train/loss": 1 / step})
        for step, value in enumerate(accuracies, start=1)
    )
    return TrialRecord(
        trial_id=f"digits/cosine/{number:04d}",
        number=number,
        config={"lr": 1e-3 * (number + 1), "embedding_dim": 64, "flip": False},
        seed=number,
        state=state,
        started_at_ms=2_000,
        ended_at_ms=3_000,
        results=results,
        **more,
    )
