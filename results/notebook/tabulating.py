"""Tables by grid factors, asked for in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from results.notebook.errors import not_there
from results.pivot import PivotTable, TableSpec, default_specs, pivot
from results.pivot.contents import Content
from results.pivot.values import metrics_of
from results.records import SearchOutcome

Names = str | Sequence[str]


def tabulate(
    outcomes: Sequence[SearchOutcome],
    *,
    rows: Names | None,
    columns: Names,
    cell: str | Sequence[str] | Mapping[str, str] | None,
    options: Mapping[str, Any],
) -> PivotTable:
    """The table. See `OpenStudy.table`."""
    across = _listed(columns)
    factors = dict.fromkeys(name for outcome in outcomes for name in outcome.search.cell)
    given = {
        "name": "table",
        "title": "",
        "rows": _listed(rows) if rows is not None else [name for name in factors if name not in across],
        "columns": across,
        "cell": _cell(outcomes) if cell is None else dict(cell) if isinstance(cell, Mapping) else _listed(cell),
        **options,
    }
    try:
        spec = TableSpec.model_validate(given)
    except ValidationError as error:
        raise ValueError("\n".join(_told(problem) for problem in error.errors())) from None
    for content in spec.contents():
        _check(content, outcomes)
    return pivot(outcomes, spec)


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _cell(outcomes: Sequence[SearchOutcome]) -> dict[str, str]:
    """What the best-models table shows."""
    return next((dict(spec.cell) for spec in default_specs(outcomes)), {"step": "step"})


def _told(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"table() has no option {place}; choices: {', '.join(TableSpec.model_fields)}"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}, but got {problem['input']!r}"


def _check(content: Content, outcomes: Sequence[SearchOutcome]) -> None:
    """Raise KeyError where a metric or hyperparameter is one that no search has. Without searches nothing is known."""
    if content.kind in ("metric", "best"):
        metrics = dict.fromkeys(name for outcome in outcomes for name in metrics_of(outcome))
        if metrics and not any(metric in metrics for _, metric in content.bindings(metrics)):
            raise not_there("metric", content.name, metrics)
    elif content.kind == "config":
        trials = [(outcome.search, trial.config) for outcome in outcomes for trial in outcome.trials]
        settings = dict.fromkeys(name for search, config in trials for name in (*config, *search.cell, *search.params))
        if settings and content.name not in settings:
            raise not_there("hyperparameter", content.name, settings)
