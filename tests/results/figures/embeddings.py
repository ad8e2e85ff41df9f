"""A best trial by hand: two classes in the plane, their embeddings, and four epochs of geometry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from results.figures.source import Source, StudySource
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState

NAN = float("nan")
# Class 0 around (0, 0), class 1 around (4, 0); the last image is of class 1 and lies nearer to class 0.
EMBEDDINGS = np.array([[-1, 0], [1, 0], [0, 3], [0, -3], [4, 2], [4, -2], [4, 0], [4, 0]], dtype=np.float32)
ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "embeddings": EMBEDDINGS,
    "embedded": np.array([0, 1, 2, 3, 5, 6, 7, 8]),
    "labels": np.array([0, 0, 0, 0, 1, 1, 1, 1, 1]),  # the fifth of the scored images has no embedding kept
    "predictions_euc": np.array([0, 0, 0, 0, 0, 1, 1, 1, 1]),
    "predictions_euc_ce": np.array([0, 0, 0, 0, 1, 1, 1, 1, 1]),
    "predictions_cos": np.array([1, 1, 0, 0, 0, 1, 1, 1, 1]),
    "predictions_cos_ce": np.array([1, 1, 0, 0, 1, 1, 1, 1, 1]),
    "class_centres": np.array([[0, 0], [4, 0]], dtype=np.float32),
    "class_embeddings": np.array([[1, 0], [5, 0]], dtype=np.float32),
    "classes": np.array(["cat", "dog"]),
    "rule": np.array("euc_ce"),
    "confidence": np.array([0.9, 0.95, 0.95, 0.5], dtype=np.float32),
    "correct": np.array([True, True, False, False]),
    "confidence_kind": np.array("softmax of logits"),
    "surface_x": np.array([0.0, 1.0, 2.0]),
    "surface_y": np.array([0.0, 1.0, 2.0]),
    "surface_of_class_embedding": np.arange(9.0).reshape(3, 3),
    "surface_of_embedding": np.full((3, 3), 2.0),
    "surface_classes": np.array([1, 0]),
    "surface_points": np.array([[5.0, 0.0], [1.0, 0.0]]),
    "surface_e": np.array([4.0, 0.0]),
    "example_rows": np.array([3, 8]),
    "example_labels": np.array([1, 0]),
    "example_0_original": np.array([[[0, 255], [51, 102]]], dtype=np.uint8),
    "example_0_normalised": np.array([[[-1, 3], [0, 1]]], dtype=np.float32),
    "example_1_original": np.zeros((1, 2, 2), dtype=np.uint8),
    "example_1_normalised": np.full((1, 2, 2), -1, dtype=np.float32),
}
SIZES, DISTANCES = (4.0, 2.0, NAN, 1.0), (2.0, 4.0, 5.0, 8.0)
ACCURACIES = (0.5, 0.7, 0.9, 0.8)


def history(scale: float = 1.0) -> list[dict[str, float]]:
    """Four epochs; the third, which is the best, has no cluster size."""
    return [
        {
            "val/accuracy": accuracy,
            "val/accuracy/euc": accuracy - 0.1,
            "val/accuracy/euc_ce": accuracy,
            "val/geometry/cluster_size": scale * size,
            "val/geometry/centre_distance": scale * distance,
            "val/geometry/reference_distance": scale * distance,
            "val/geometry/class_distance": 2 * scale * distance,
            "val/geometry/median_cosine": 0.1 * distance,
        }
        for accuracy, size, distance in zip(ACCURACIES, SIZES, DISTANCES, strict=True)
    ]


def trial(results: list[dict[str, float]], number: int = 0, state: TrialState = TrialState.COMPLETE) -> TrialRecord:
    """A trial that reported these results."""
    records = tuple(ResultRecord(step=n, at_ms=n, metrics=metrics) for n, metrics in enumerate(results, 1))
    return TrialRecord(
        trial_id=f"s/c/{number:04}",
        number=number,
        config={"lr": 0.1},
        seed=1,
        state=state,
        started_at_ms=0,
        ended_at_ms=9,
        results=records,
    )


def source(
    cell: Mapping[str, Any] | None = None,
    *trials: TrialRecord,
    test_metrics: Mapping[str, float] | None = None,
    metric: str = "val/accuracy",
    **arrays: np.ndarray[Any, Any],
) -> Source:
    """A search with the arrays above and its trials, by default the one above."""
    search = SearchRecord(
        search_id="s/c",
        key="c",
        cell=cell or {},
        metric=metric,
        mode="max",
        started_at_ms=0,
        params={"budget": "4 epoch"},
    )
    outcome = SearchOutcome(search=search, trials=trials or (trial(history()),), test_metrics=test_metrics or {})
    return Source(outcome=outcome, load=lambda: {**ARRAYS, **arrays})


def study(*sources: Source) -> StudySource:
    """A study of these searches."""
    record = StudyRecord(
        study_id="s", name="s", metric="val/accuracy", mode="max", source="", fingerprint="", started_at_ms=0
    )
    return StudySource(study=record, searches=sources)
