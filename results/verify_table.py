"""Verdicts as a table: for the terminal, Markdown, CSV. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from results.tables import Table
from results.verification import Verdict

COLUMNS = ("place", "what", "cell", "theirs", "ours", "±", "runs", "difference", "verdict", "how")


def verify_table(verdicts: Sequence[Verdict]) -> Table:
    """One row an entry, numbers in printed units at four significant digits, columns that would be empty left out."""
    rows = [_row(verdict) for verdict in verdicts]
    kept = [index for index in range(len(COLUMNS)) if any(row[index] not in (None, "", 0) for row in rows)]
    return Table(tuple(COLUMNS[index] for index in kept), tuple(tuple(row[index] for index in kept) for row in rows))


def _row(verdict: Verdict) -> tuple[Any, ...]:
    entry = verdict.entry
    where = {**entry.cell, **entry.config}
    return (
        entry.place,
        entry.name,
        ", ".join(f"{name}={value}" for name, value in where.items()),
        verdict.theirs,
        _rounded(verdict.ours),
        _rounded(verdict.half_width),
        verdict.runs or None,
        _rounded(verdict.difference),
        str(verdict.outcome),
        verdict.how,
    )


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value
