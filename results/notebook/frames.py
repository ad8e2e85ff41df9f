"""Records as DataFrames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from results.records import SearchOutcome
    from results.tables import Table


def frame(table: Table) -> pd.DataFrame:
    """A table as it is; an empty cell is None or NaN, and whole numbers with empty cells among them stay whole."""
    import pandas as pd

    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    made = pd.DataFrame(dict(enumerate(columns)))
    made.columns = list(table.columns)
    for index, values in enumerate(columns):
        if None in values and {type(value) for value in values} == {int, type(None)}:
            made.isetitem(index, pd.array(values, dtype="Int64"))
    return made


def history_frame(outcomes: Sequence[SearchOutcome]) -> pd.DataFrame:
    """One row a trial and step: search, number, step, at (UTC), then every metric that any trial reported."""
    import pandas as pd

    fixed = ["search", "number", "step", "at"]
    rows = [
        {**_apart(result.metrics, fixed), **_named(fixed, outcome.search.key, trial.number, result.step, result.at_ms)}
        for outcome in outcomes
        for trial in outcome.trials
        for result in trial.results
    ]
    made = _frame_of(rows, fixed)
    made["at"] = pd.to_datetime(made["at"].astype("int64"), unit="ms", utc=True)
    return made


def finals_frame(outcomes: Sequence[SearchOutcome]) -> pd.DataFrame:
    """One row a final run: search, number, run, seed, state, error, then its last step with that step's metrics."""
    fixed = ["search", "number", "run", "seed", "state", "error", "step"]
    rows = []
    for outcome in outcomes:
        for final in outcome.finals:
            step, metrics = (final.results[-1].step, final.results[-1].metrics) if final.results else (None, {})
            own = (outcome.search.key, final.number, final.trial_id, final.seed, str(final.state), final.error, step)
            rows.append({**_apart(metrics, fixed), **_named(fixed, *own)})
    return _frame_of(rows, fixed)


def _frame_of(rows: Sequence[Mapping[str, Any]], fixed: Sequence[str]) -> pd.DataFrame:
    """The fixed columns first, also without rows; then all others in the order of their first appearance."""
    import pandas as pd

    others = dict.fromkeys(name for row in rows for name in row if name not in fixed)
    return pd.DataFrame(list(rows), columns=[*fixed, *others])


def _named(names: Sequence[str], *values: Any) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))


def _apart(metrics: Mapping[str, float], fixed: Sequence[str]) -> dict[str, float]:
    """Metrics under their names; one that is named like a column of ours as `metric/<name>`."""
    return {f"metric/{name}" if name in fixed else name: value for name, value in metrics.items()}
