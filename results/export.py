"""A study's trials in one file: for pandas, R, a spreadsheet."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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
    _write_whole(path, lambda partial: partial.write_text(table.csv(), encoding="utf-8"))
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
    _write_whole(path, lambda partial: pq.write_table(table, partial))
    return len(rows)


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the path, then put it in its place: a reader sees the old file or the new one."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
