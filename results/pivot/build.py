"""Outcomes and a spec in, a table out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from results.pivot.datum import Datum
from results.pivot.layout import Axes, Key, header_rows, labels
from results.pivot.marks import mark
from results.pivot.notes import notes_of
from results.pivot.spec import CELL, TableSpec
from results.pivot.table import Cell, PivotTable, Row
from results.pivot.texts import cell_of, runs_of
from results.pivot.values import metrics_of, mode_of, value_of
from results.records import SearchOutcome, best_search
from results.samples import matches


class TableError(ValueError):
    """A spec that asks for what the searches do not have; the message has every mistake with the choices."""


def pivot(outcomes: Sequence[SearchOutcome], spec: TableSpec) -> PivotTable:
    """The table that `spec` describes, of searches in any grid: a full product, a list of cells, one with holes.

    outcomes: a study's searches; with all results of their trials where the spec says `at: last`. Where factors of
    the grid stand in neither rows nor columns, the best of the searches that differ in them is shown, by the search's
    own metric. What is missing leaves an empty cell and a note. Raises TableError for an unknown factor.
    """
    factors = list(dict.fromkeys(name for outcome in outcomes for name in outcome.search.cell))
    rows, columns = _axes(spec, factors)
    outcomes = [outcome for outcome in outcomes if _picked(outcome, spec)]
    shown = [name for name in (*rows, *columns) if name in factors]
    kept, passed = _best_of_rest(outcomes, shown)
    axes = Axes(kept, spec, [metrics_of(outcome) for outcome in kept])
    data = mark([datum for outcome in kept for datum in _data(outcome, spec, axes, rows, columns)])
    own = [] if {CELL, *spec.pseudo_factors} & set(rows) else [axes.key(rows, outcome.search.cell) for outcome in kept]
    row_keys = axes.sorted(rows, [*own, *(datum.row for datum in data)])
    column_keys = axes.sorted(columns, [datum.column for datum in data])
    places = {(datum.row, datum.column): datum for datum in data}
    runs = runs_of(data)

    def cell(row: Key, column: Key) -> Cell:
        datum = places.get((row, column))
        if datum is None:
            return Cell()
        fewest, most = runs.get(datum.content.label, (0, 0))
        return cell_of(datum, spec, with_n=fewest < most)

    paths = [labels(key, columns, spec.pseudo_factors) for key in column_keys]
    if not columns:
        paths = [(spec.contents()[0].label,)] if paths else []
    return PivotTable(
        name=spec.name,
        title=spec.heading,
        row_factors=tuple(rows),
        column_factors=tuple(columns) or (CELL,),
        headers=header_rows(paths),
        columns=tuple(paths),
        rows=tuple(
            Row(labels(row, rows, spec.pseudo_factors), tuple(cell(row, column) for column in column_keys))
            for row in row_keys
        ),
        notes=tuple(notes_of(spec, data, outcomes, kept=kept, passed=passed, shown=shown)),
    )


def check(spec: TableSpec, factors: Sequence[str]) -> Iterator[tuple[tuple[str | int, ...], str, str, tuple[str, ...]]]:
    """What is wrong with a spec for a grid of these factors: place in the spec, rule, what was given, choices."""
    made = spec.pseudo_factors
    choices = (*factors, *(name for name in made if name not in factors), CELL)
    for place in ("rows", "columns", "compare"):
        names = getattr(spec, place) or ()
        for index, name in enumerate(names):
            if name not in choices:
                among = choices[:-1] if place == "compare" else choices
                yield (place, index), "is neither a factor of the grid nor one that the cell makes", name, among
            elif name in names[:index] or (place == "columns" and name in spec.rows):
                yield (place, index), "stands twice in this table", name, ()
            elif place == "compare" and (name == CELL or name not in (*spec.rows, *spec.columns)):
                yield (place, index), "must stand in rows or columns to be compared over", name, ()
    for name in spec.only:
        if name not in factors:
            yield ("only", name), "is not a factor of the grid", name, tuple(factors)
    for name in made:
        if name in factors:
            yield ("cell",), "makes a factor that the grid has already", name, ()
        elif name not in (*spec.rows, *spec.columns):
            yield ("cell",), "makes a factor that must stand in rows or columns", name, ()


def _picked(outcome: SearchOutcome, spec: TableSpec) -> bool:
    cell = outcome.search.cell
    return all(any(matches({name: value}, cell) for value in values) for name, values in spec.only.items())


def _axes(spec: TableSpec, factors: Sequence[str]) -> tuple[list[str], list[str]]:
    """The factors of rows and columns; several quantities make the innermost columns unless placed."""
    # Without a search there is no grid to be wrong about.
    wrong = [*check(spec, factors)] if factors else []
    if wrong:
        lines = []
        for place, rule, given, choices in wrong:
            among = f"; choices: {', '.join(choices)}" if choices else ""
            lines.append(f"{'.'.join(map(str, place))}: {rule}, but got {given!r}{among}")
        raise TableError("\n".join(lines))
    placed = CELL in (*spec.rows, *spec.columns)
    return list(spec.rows), [*spec.columns, *([CELL] if len(spec.cell) > 1 and not placed else [])]


def _best_of_rest(
    outcomes: Sequence[SearchOutcome], shown: Sequence[str]
) -> tuple[list[SearchOutcome], list[SearchOutcome]]:
    """One search for each combination of the factors that are shown, the best one; and those that were passed over."""
    groups: dict[str, list[SearchOutcome]] = {}
    for outcome in outcomes:
        groups.setdefault(repr([outcome.search.cell.get(name) for name in shown]), []).append(outcome)
    kept = [best_search(group) for group in groups.values()]
    return kept, [outcome for outcome in outcomes if not any(outcome is other for other in kept)]


def _data(
    outcome: SearchOutcome, spec: TableSpec, axes: Axes, rows: Sequence[str], columns: Sequence[str]
) -> Iterator[Datum]:
    """Every value that one search has for this table, each at its place."""
    known = metrics_of(outcome)
    compare = spec.compared
    others = [name for name in (*rows, *columns) if name not in compare]
    for content in spec.contents():
        bindings = [((), content.name)] if content.kind == "best" else content.bindings(known)
        for names, metric in bindings:
            made = dict(zip(content.factors, names, strict=False))
            at: dict[str, Any] = {**outcome.search.cell, **made, CELL: content.label}
            mode = mode_of(metric, outcome.search, spec.mode) if content.kind == "metric" else None
            yield Datum(
                row=axes.key(rows, at),
                column=axes.key(columns, at),
                content=content,
                metric=metric,
                value=value_of(outcome, content, metric, spec),
                outcome=outcome,
                mode=mode or outcome.search.mode,
                group=(content.label, *axes.key(others, at)) if mode and compare else None,
            )
