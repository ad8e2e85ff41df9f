"""Records in, tables out: the best models of a study, the trials of its searches. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.records import SearchOutcome, TrialRecord


@dataclass(frozen=True)
class Table:
    """Named columns and rows of plain values; None is an empty cell, a mapping is written `a=1, b=2`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def records(self) -> list[dict[str, Any]]:
        """One mapping a row, for JSON."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def text_rows(self) -> list[list[str]]:
        """The rows as a person reads them: numbers at six significant digits."""
        return [[cell_text(value) for value in row] for row in self.rows]

    def markdown(self) -> str:
        """A Markdown table; `|` and line breaks in cells are escaped."""
        lines = [markdown_line(self.columns), markdown_line("---" for _ in self.columns)]
        lines += [markdown_line(row) for row in self.text_rows()]
        return "\n".join(lines)

    def csv(self) -> str:
        """Comma-separated values with a header; numbers in full."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(
            [value if isinstance(value, int | float) else cell_text(value) for value in row] for row in self.rows
        )
        return out.getvalue()


def cell_text(value: Any) -> str:
    """One cell as text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={cell_text(item)}" for name, item in value.items())
    return str(value)


def best_models(outcomes: Sequence[SearchOutcome]) -> Table:
    """One row a search: its cell, the best trial by validation, its test metrics, configuration, counts by state.

    A search whose trials all failed keeps its row, with empty cells for what it did not find.
    """
    factors = _union(outcome.search.cell for outcome in outcomes)
    tests = _union(outcome.test_metrics for outcome in outcomes)
    metrics = _union({outcome.search.metric: None} for outcome in outcomes)
    columns = ("search", *factors, *metrics, "step", "trial", *tests, "config", "model", "trials", "states")
    return Table(columns, tuple(_best_row(outcome, factors, metrics, tests) for outcome in outcomes))


def trials_table(outcomes: Sequence[SearchOutcome]) -> Table:
    """One row a trial: search, number, state, who stopped it, cell and configuration, best step and its metrics.

    Names that are in two places appear once, and a metric named like a parameter is written `best/<metric>`.
    """
    factors = _union(outcome.search.cell for outcome in outcomes)
    params = _union(trial.config for outcome in outcomes for trial in outcome.trials)
    values = list(dict.fromkeys([*factors, *params]))
    results = [(outcome, trial, _best(outcome, trial)) for outcome in outcomes for trial in outcome.trials]
    metrics = _union(best for _, _, (_, best) in results)
    fixed = ("search", "number", "trial", "state", "stopped_by", "best_step", "duration_s", "error")
    taken = {*fixed, *values}
    names = [f"best/{metric}" if metric in taken else metric for metric in metrics]
    columns = (
        *fixed[:5],
        *(f"config/{name}" if name in fixed else name for name in values),
        "best_step",
        *names,
        *fixed[6:],
    )
    rows = []
    for outcome, trial, (step, best) in results:
        config = {**outcome.search.cell, **trial.config}
        rows.append(
            (
                outcome.search.key,
                trial.number,
                trial.trial_id,
                str(trial.state),
                trial.stopped_by,
                *(config.get(name) for name in values),
                step,
                *(best.get(metric) for metric in metrics),
                duration_s(trial),
                trial.error,
            )
        )
    return Table(columns, tuple(rows))


def duration_s(trial: TrialRecord) -> float | None:
    """Seconds from the trial's start to its end; None while it runs."""
    return None if trial.ended_at_ms is None else (trial.ended_at_ms - trial.started_at_ms) / 1000


def count_states(trials: Iterable[TrialRecord]) -> dict[str, int]:
    """How many trials are in each state, states in alphabetical order."""
    return dict(sorted(Counter(str(trial.state) for trial in trials).items()))


def _best_row(
    outcome: SearchOutcome, factors: Sequence[str], metrics: Sequence[str], tests: Sequence[str]
) -> tuple[Any, ...]:
    search, trial, best = outcome.search, outcome.best_trial, outcome.best_result
    value = best.metrics[search.metric] if best is not None else None
    config = None
    if trial is not None:
        config = {name: item for name, item in trial.config.items() if name not in search.cell}
    return (
        search.key,
        *(search.cell.get(name) for name in factors),
        *(value if name == search.metric else None for name in metrics),
        best.step if best is not None else None,
        trial.trial_id if trial is not None else None,
        *(outcome.test_metrics.get(name) for name in tests),
        config,
        outcome.model,
        len(outcome.trials),
        count_states(outcome.trials),
    )


def _best(outcome: SearchOutcome, trial: TrialRecord) -> tuple[int | None, Mapping[str, float]]:
    best = trial.best(outcome.search.metric, outcome.search.mode)
    return (None, {}) if best is None else (best.step, best.metrics)


def _union(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    """All keys in the order of their first appearance."""
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def markdown_line(cells: Iterable[str]) -> str:
    """One line of a Markdown table; `|` and line breaks in cells are escaped."""
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(escaped) + " |"
