"""A study's trials in one file: for pandas, R, a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from disk import write_whole
from results.records import SearchOutcome
from results.tables import trials_table

_HISTORY = {
    "search": pa.dictionary(pa.int32(), pa.string()),
    "trial": pa.int32(),
    "step": pa.int64(),
    "at_ms": pa.int64(),
    "metric": pa.dictionary(pa.int32(), pa.string()),
    "value": pa.float64(),
}


def write_trials_csv(path: Path, outcomes: Sequence[SearchOutcome]) -> int:
    """One row a trial: what `tuner trials --csv` prints. Returns the number of trials."""
    table = trials_table(outcomes)
    write_whole(path, lambda file: file.write(table.csv().encode()))
    return len(table.rows)


def write_history_parquet(path: Path, outcomes: Sequence[SearchOutcome]) -> int:
    """One row for each metric of each step of each trial, in the order of their coming. Returns the number of rows."""
    rows = [
        (outcome.search.key, trial.number, result.step, result.at_ms, name, float(value))
        for outcome in outcomes
        for trial in outcome.trials
        for result in trial.results
        for name, value in result.metrics.items()
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_HISTORY)
    table = pa.table(
        {name: pa.array(column, type=kind) for (name, kind), column in zip(_HISTORY.items(), columns, strict=True)}
    )
    write_whole(path, lambda file: pq.write_table(table, file))
    return len(rows)
