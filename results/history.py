"""A search's whole history as one parquet file: long form, readable by pandas, exact for `read_history`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from results.records import ResultRecord, SearchRecord, TrialRecord, TrialState

_SCHEMA = pa.schema(
    [
        ("trial", pa.int32()),
        ("step", pa.int64()),
        ("at_ms", pa.int64()),
        ("metric", pa.dictionary(pa.int32(), pa.string())),
        ("value", pa.float64()),
    ]
)


def write_history(path: Path, search: SearchRecord, trials: Sequence[TrialRecord]) -> None:
    """Write one row a (trial, step, metric) in the order of their coming; NaN and infinities as they are.

    The search and the trials (configuration, state, error ...) are JSON in the file's metadata under
    `tuner.search` and `tuner.trials`, so that a trial without results is not lost.
    """
    rows = [
        (trial.number, result.step, result.at_ms, name, float(value))
        for trial in trials
        for result in trial.results
        for name, value in result.metrics.items()
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_SCHEMA)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    bare = [{**vars(trial), "results": ()} for trial in trials]
    metadata = {
        "tuner.search": json.dumps(vars(search), default=_plain),
        "tuner.trials": json.dumps(bare, default=_plain),
    }
    pq.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA.with_metadata(metadata)), path)


def read_history(path: Path) -> tuple[SearchRecord, list[TrialRecord]]:
    """The search and its trials as they were written. Raises ValueError if the file is not such a history."""
    table = pq.read_table(path)
    metadata = table.schema.metadata or {}
    if b"tuner.trials" not in metadata:
        raise ValueError(f"a search's history must hold its trials in the metadata, but {path} does not")
    results: dict[int, dict[tuple[int, int], dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    columns = (table.column(field.name).to_pylist() for field in _SCHEMA)
    for trial, step, at_ms, name, value in zip(*columns, strict=True):
        results[trial][step, at_ms][name] = value
    trials = [
        TrialRecord(
            **{
                **bare,
                "state": TrialState(bare["state"]),
                "results": tuple(
                    ResultRecord(step=step, at_ms=at_ms, metrics=metrics)
                    for (step, at_ms), metrics in results[bare["number"]].items()
                ),
            }
        )
        for bare in json.loads(metadata[b"tuner.trials"])
    ]
    return SearchRecord(**json.loads(metadata[b"tuner.search"])), trials


def _plain(value: Any) -> Any:
    """What JSON does not know: any mapping as an object, everything else as its text."""
    return dict(value) if isinstance(value, Mapping) else str(value)
