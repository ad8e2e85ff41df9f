"""A table with grouped headers, as it was laid out: what Markdown, CSV, LaTeX and HTML are written from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What stands in one place.

    text: as a person reads it, without marks; empty where there is nothing. quantity: the label of what it shows.
    value: the number in full (a mean over `n` runs), or a hyperparameter's value. half_width: of the 95% interval of
    the mean, None with one run.
    best: the best of those that it is compared with. tied: not significantly worse than the best.
    run_id, search_key: the search that it comes from; None where there is none. why: what an empty cell lacks.
    seeds: the values by their run's seed, what tests pair.
    """

    text: str = ""
    quantity: str = ""
    value: Any = None
    half_width: float | None = None
    n: int = 0
    best: bool = False
    tied: bool = False
    run_id: str | None = None
    search_key: str | None = None
    why: str = ""
    seeds: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Header:
    """One cell of a header row, over `span` value columns."""

    text: str
    span: int = 1


@dataclass(frozen=True)
class Row:
    """labels: one for each row factor. cells: one for each value column."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class PivotTable:
    """A table by grid factors.

    row_factors: the names over the row labels. column_factors: what each header row shows, from the top; the
    quantity is "cell" there. headers: the header rows, each spanning all value columns; at least one.
    columns: the path of each value column through the headers. notes: sentences that belong below it.
    """

    name: str
    title: str
    row_factors: tuple[str, ...]
    column_factors: tuple[str, ...]
    headers: tuple[tuple[Header, ...], ...]
    columns: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """A Markdown table: headers joined by " / ", the best bold, those not significantly worse with a dagger."""
        from results.pivot.formats import markdown

        return markdown(self)

    def csv(self) -> str:
        """Comma-separated values: one line a cell, with its factors, the number in full, n, marks, search and run."""
        from results.pivot.formats import csv_text

        return csv_text(self)

    def latex(self) -> str:
        """A LaTeX table for the package booktabs, headers over several columns."""
        from results.pivot.formats import latex

        return latex(self)

    def frame(self) -> pd.DataFrame:
        """The values in full: rows by the row factors, columns by the header rows."""
        import pandas as pd

        rows, columns = list(self.row_factors), list(self.column_factors)
        values = [[cell.value for cell in row.cells] for row in self.rows]
        made = pd.DataFrame(values, columns=_index([*self.columns], columns))
        if rows:
            made.index = _index([row.labels for row in self.rows], rows)
        return made

    def __repr__(self) -> str:
        return f"{self.title}\n\n{self.markdown()}"

    def _repr_markdown_(self) -> str:
        """How a notebook shows it."""
        return f"**{self.title}**\n\n{self.markdown()}"


def _index(labels: list[tuple[str, ...]], names: list[str]) -> pd.Index[Any]:
    """An index of as many levels as there are names."""
    import pandas as pd

    if len(names) > 1:
        return pd.MultiIndex.from_tuples(labels, names=names)
    return pd.Index([label for (label,) in labels], name=names[0], dtype=object)
