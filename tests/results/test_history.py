"""A search's history file: read back exactly, and by pandas as a plain long table."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from results.history import read_history, write_history
from results.records import ResultRecord, SearchRecord, TrialRecord, TrialState

SEARCH = SearchRecord(
    search_id="s/a",
    key="a",
    cell={"loss": "cosine"},
    metric="m",
    mode="min",
    started_at_ms=1,
    params={"lr": 0.1, "layers": [1, 2], "none": None},
    tags={"data": "f00"},
)


def trial(number: int, *results: ResultRecord) -> TrialRecord:
    return TrialRecord(
        trial_id=f"s/a/{number:04d}",
        number=number,
        config=MappingProxyType({"lr": 0.1 + 0.2, "flip": True}),
        seed=number,
        state=TrialState.STOPPED,
        started_at_ms=1,
        ended_at_ms=9,
        stopped_by="asha",
        results=results,
    )


def test_it_comes_back_exactly(tmp_path):
    results = [
        ResultRecord(step=1, at_ms=5, metrics={"m": 0.1 + 0.2, "b": math.inf}),
        ResultRecord(step=2, at_ms=7, metrics={"m": -math.inf}),
    ]
    trials = [trial(0, *results), trial(1), trial(2, replace(results[0], metrics={"m": math.nan}))]
    write_history(tmp_path / "h.parquet", SEARCH, trials)
    search, read = read_history(tmp_path / "h.parquet")
    assert search == SEARCH
    assert read[:2] == [replace(record, config=dict(record.config)) for record in trials[:2]]
    assert math.isnan(read[2].results[0].metrics["m"])
    frame = pd.read_parquet(tmp_path / "h.parquet")
    assert list(frame.columns) == ["trial", "step", "at_ms", "metric", "value"]
    assert frame[(frame.trial == 0) & (frame.metric == "m")].value.tolist() == [0.1 + 0.2, -math.inf]


def test_an_empty_search_is_a_file_too(tmp_path):
    write_history(tmp_path / "h.parquet", SEARCH, [])
    assert read_history(tmp_path / "h.parquet") == (SEARCH, [])


def test_another_parquet_file_is_refused(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "h.parquet")
    with pytest.raises(ValueError, match="must hold its trials"):
        read_history(tmp_path / "h.parquet")
