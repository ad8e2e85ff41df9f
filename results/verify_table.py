"""Verdicts as a table: for the terminal, Markdown, CSV. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from results.tables import Table
from results.verification import Outcome, Verdict

COLUMNS = ("place", "what", "cell", "theirs", "ours", "±", "runs", "difference", "verdict", "how")


def verify_table(verdicts: Sequence[Verdict], notes: Mapping[str, str] | None = None) -> Table:
    """One row an entry, numbers in printed units at four significant digits, columns that would be empty left out.

    notes: letters by the text that they stand for, as `protocol_notes` gives them; None writes the texts out.
    """
    rows = [_row(verdict, notes or {}) for verdict in verdicts]
    kept = [index for index in range(len(COLUMNS)) if any(row[index] not in (None, "", 0) for row in rows)]
    return Table(tuple(COLUMNS[index] for index in kept), tuple(tuple(row[index] for index in kept) for row in rows))


def protocol_notes(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """A letter for each way in which protocols differ: a whole table often differs in one and the same."""
    texts = dict.fromkeys(verdict.how for verdict in verdicts if verdict.outcome is Outcome.PROTOCOL_DIFFERS)
    return {text: _letter(number) for number, text in enumerate(texts)}


def _letter(number: int) -> str:
    tens, ones = divmod(number, len(ascii_lowercase))
    return (_letter(tens - 1) if tens else "") + ascii_lowercase[ones]


def _row(verdict: Verdict, notes: Mapping[str, str]) -> tuple[Any, ...]:
    entry = verdict.entry
    where = {**entry.cell, **entry.config}
    letter = notes.get(verdict.how)
    return (
        entry.place,
        entry.name,
        ", ".join(f"{name}={value}" for name, value in where.items()),
        verdict.theirs,
        _rounded(verdict.ours),
        _rounded(verdict.half_width),
        verdict.runs or None,
        _rounded(verdict.difference),
        f"{verdict.outcome} ({letter})" if letter else str(verdict.outcome),
        "" if letter else verdict.how,
    )


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value
