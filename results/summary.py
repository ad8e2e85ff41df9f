"""The best-models table as it fits a terminal: one line a search. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from results.records import SearchOutcome
from results.samples import final_values, tested_metric
from results.statistics import mean_half_width
from results.tables import Table, cell_text, count_states


def summary(outcomes: Sequence[SearchOutcome]) -> Table:
    """Search, best value and its step, the same metric on the test split, the configuration, trials by state, model.

    Columns that would be empty are left out. Metrics are shown at four decimals.
    """
    metrics = dict.fromkeys(outcome.search.metric for outcome in outcomes)
    tests = dict.fromkeys(
        name for outcome in outcomes if (name := tested_metric(outcome.search)) != outcome.search.metric
    )
    columns = ("search", *metrics, "step", *tests, "configuration", "trials", "model")
    rows = [_row(outcome, list(metrics), list(tests)) for outcome in outcomes]
    kept = [index for index in range(len(columns)) if any(row[index] not in (None, "") for row in rows)]
    return Table(tuple(columns[index] for index in kept), tuple(tuple(row[index] for index in kept) for row in rows))


def _row(outcome: SearchOutcome, metrics: Sequence[str], tests: Sequence[str]) -> tuple[Any, ...]:
    search, trial, best = outcome.search, outcome.best_trial, outcome.best_result
    value = best.metrics[search.metric] if best is not None else None
    test = tested_metric(outcome.search)
    return (
        search.key,
        *(_rounded(value) if name == search.metric else None for name in metrics),
        best.step if best is not None else None,
        *(_tested(outcome, name) if name == test else None for name in tests),
        _configuration(trial.config) if trial is not None else "",
        _states(outcome),
        outcome.model,
    )


def _tested(outcome: SearchOutcome, name: str) -> float | str | None:
    """The test metric; over final runs its mean with half the 95% interval of it, and their number."""
    values = final_values(outcome, name)
    half = mean_half_width(values)
    if half is None:
        return _rounded(outcome.test_metrics.get(name))
    return f"{fmean(values):.4f} ± {half:.4f} (n={len(values)})"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _configuration(config: Mapping[str, Any]) -> str:
    texts = {name: f"{value:.3g}" if isinstance(value, float) else cell_text(value) for name, value in config.items()}
    return " ".join(f"{name}={text}" for name, text in texts.items())


def _states(outcome: SearchOutcome) -> str:
    counts = count_states(outcome.trials)
    return ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items())
