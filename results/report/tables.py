"""The tables of a report: those that a study states, or the default ones. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from results.pivot import PivotTable, TableError, TableSpec, default_specs, pivot
from results.records import SearchOutcome
from results.report.section import ReportSection


def report_tables(outcomes: Sequence[SearchOutcome], report: ReportSection) -> list[PivotTable]:
    """Every table of the report. One that asks for what the searches do not have is empty, with the reason in a note.

    outcomes: with every result of every trial, where a table shows the last step.
    """
    return [_table(outcomes, spec) for spec in report.tables or default_specs(outcomes)]


def _table(outcomes: Sequence[SearchOutcome], spec: TableSpec) -> PivotTable:
    try:
        return pivot(outcomes, spec)
    except TableError as error:
        notes = tuple(f"This table cannot be made: {line}." for line in str(error).splitlines())
        return PivotTable(
            name=spec.name,
            title=spec.heading,
            row_factors=(),
            column_factors=(),
            headers=((),),
            columns=(),
            rows=(),
            notes=notes,
        )
