"""Two studies side by side: the same cells, both means with intervals, and whether they differ. Pure.

The same cells are those with equal values of the factors that both grids have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Literal

from results.pivot.layout import value_text
from results.pivot.texts import number_text
from results.records import SearchOutcome, best_search
from results.samples import Sample, matches, sample, tested_metric
from results.significance import LEVEL, Comparison, compare, holm
from results.statistics import mean_half_width
from results.tables import Table

At = Literal["best", "last"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """One study's search in a cell. mean: over n runs, None without one, with the reason in `why`."""

    search: str
    run_id: str | None
    mean: float | None
    half_width: float | None
    n: int
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class ComparedCell:
    """Equal values of the shared factors, both sides, the second less the first. p: after Holm over all cells."""

    cell: Mapping[str, Any]
    first: Side
    second: Side
    comparison: Comparison
    p: float | None = None

    @property
    def verdict(self) -> str:
        """Of the second: "higher" or "lower" at 5%, "not different", or empty where nothing was tested."""
        if self.p is None or self.comparison.difference is None:
            return ""
        if self.p >= LEVEL:
            return "not different"
        return "higher" if self.comparison.difference > 0 else "lower"


@dataclass(frozen=True, kw_only=True)
class StudyComparison:
    """metric: what is compared. factors: those of both grids. notes: what was left out, and why."""

    metric: str
    factors: tuple[str, ...]
    cells: tuple[ComparedCell, ...]
    notes: tuple[str, ...] = ()


def compare_studies(
    first: Sequence[SearchOutcome], second: Sequence[SearchOutcome], *, metric: str | None = None, at: At = "best"
) -> StudyComparison:
    """The cells that both studies have, each tested: in pairs where runs share their seeds, else by Welch's test.

    metric: by default the test metric of the first study, or its searched one where a study has not measured that. at:
    each trial's best step or its last one (needs every result of every trial). Where several searches of a study fall
    into one cell, its best by validation stands there.
    """
    grids = [dict.fromkeys(name for o in outcomes for name in o.search.cell) for outcomes in (first, second)]
    factors = tuple(name for name in grids[0] if name in grids[1])
    metric = metric or _metric(first, second)
    cells, notes = [], list(_notes(first, second))
    both = _cells(first, factors), _cells(second, factors)
    for cell in both[0]:
        found = [[o for o in outcomes if matches(cell, o.search.cell)] for outcomes in (first, second)]
        for name, several in zip(("first", "second"), found, strict=True):
            if len(several) > 1 and found[1]:
                notes.append(f"{_words(cell)}: the best of {len(several)} searches of the {name} study.")
        if found[1]:
            cells.append(_compared(cell, best_search(found[0]), best_search(found[1]), metric, at))
    for name, here, there in (("first", *both), ("second", *reversed(both))):
        alone = [_words(cell) for cell in here if not any(_same(cell, other) for other in there)]
        if alone:
            notes.append(f"Only in the {name} study: {'; '.join(alone)}.")
    adjusted = holm([cell.comparison.p for cell in cells])
    tested = tuple(replace(cell, p=p) for cell, p in zip(cells, adjusted, strict=True))
    return StudyComparison(metric=metric, factors=factors, cells=tested, notes=tuple(notes))


def comparison_table(found: StudyComparison, names: tuple[str, str], *, full: bool = False) -> Table:
    """One row a cell. names: of the studies, over their means. full: every number in full, in a column of its own."""
    numbers = ("mean", "±", "n")
    sides = [f"{name} {number}" for name in names for number in numbers] if full else list(names)
    rest = ("difference", "difference ±", "p", "p (Holm)") if full else ("difference", "p (Holm)")
    rows = [_full_row(cell) if full else _row(cell) for cell in found.cells]
    return Table((*found.factors, *sides, *rest, "test", "verdict"), tuple(rows))


def _metric(first: Sequence[SearchOutcome], second: Sequence[SearchOutcome]) -> str:
    """The test metric if both studies have measured it, else the searched one; empty without searches."""
    if not first:
        return ""
    tested = tested_metric(first[0].search)
    measured = all(any(sample(o, tested).values for o in outcomes) for outcomes in (first, second))
    return tested if measured else first[0].search.metric


def _notes(first: Sequence[SearchOutcome], second: Sequence[SearchOutcome]) -> Iterator[str]:
    for name, outcomes in (("first", first), ("second", second)):
        if any(outcome.search.selected_on_test for outcome in outcomes):
            yield f"The {name} study selected on test data: its numbers flatter."
        if not outcomes:
            yield f"The {name} study has no search."


def _cells(outcomes: Sequence[SearchOutcome], factors: Sequence[str]) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    for outcome in outcomes:
        cell = {name: outcome.search.cell[name] for name in factors if name in outcome.search.cell}
        if not any(_same(cell, other) for other in cells):
            cells.append(cell)
    return cells


def _same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    return left.keys() == right.keys() and matches(left, right)


def _compared(
    cell: Mapping[str, Any], first: SearchOutcome, second: SearchOutcome, metric: str, at: At
) -> ComparedCell:
    one, other = (sample(outcome, metric, at=at) for outcome in (first, second))
    by_seed = [dict(zip(found.seeds, found.values, strict=True)) for found in (other, one)]
    return ComparedCell(
        cell=cell, first=_side(first, one), second=_side(second, other), comparison=compare(by_seed[0], by_seed[1])
    )


def _side(outcome: SearchOutcome, found: Sample) -> Side:
    return Side(
        search=outcome.search.key,
        run_id=outcome.run_id,
        mean=fmean(found.values) if found.values else None,
        half_width=mean_half_width(found.values),
        n=len(found.values),
        why=found.why,
    )


def _row(cell: ComparedCell) -> tuple[Any, ...]:
    test = cell.comparison
    return (
        *(value_text(value) for value in cell.cell.values()),
        *(_told(side.mean, side.half_width, side.n) or side.why for side in (cell.first, cell.second)),
        _told(test.difference, test.half_width, 0, signed=True),
        None if cell.p is None else float(f"{cell.p:.3g}"),
        test.said,
        cell.verdict,
    )


def _full_row(cell: ComparedCell) -> tuple[Any, ...]:
    test = cell.comparison
    sides = [number for side in (cell.first, cell.second) for number in (side.mean, side.half_width, side.n)]
    values = [value_text(value) for value in cell.cell.values()]
    return (*values, *sides, test.difference, test.half_width, test.p, cell.p, test.said, cell.verdict)


def _told(mean: float | None, half_width: float | None, n: int, *, signed: bool = False) -> str:
    if mean is None:
        return ""
    text = ("+" if signed and mean > 0 else "") + number_text(mean, half_width)
    return f"{text} (n={n})" if n else text


def _words(cell: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value_text(value)}" for name, value in cell.items()) or "the whole"
