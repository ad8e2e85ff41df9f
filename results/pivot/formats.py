"""A laid-out table as Markdown, CSV and LaTeX. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from results.pivot.spec import CELL
from results.pivot.table import Cell, Header, PivotTable
from results.tables import markdown_line

DAGGER = "†"
CSV_COLUMNS = ("cell", "value", "half_width", "n", "mark", "search", "run_id")
_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    DAGGER: r"$^\dagger$",
}


def markdown(table: PivotTable) -> str:
    """One header line, its levels joined by " / "; notes below. Without columns the notes alone."""
    if not table.columns:
        return "\n\n".join(table.notes)
    columns = [" / ".join(filter(None, path)) for path in table.columns]
    header = [*table.row_factors, *columns]
    lines = [markdown_line(header), markdown_line("---" for _ in header)]
    lines += [markdown_line([*row.labels, *map(_marked, row.cells)]) for row in table.rows]
    return "\n".join([*lines, *(f"\n{note}" for note in table.notes)])


def csv_text(table: PivotTable) -> str:
    """One line a cell that is not empty, numbers in full; the quantity stands under "cell".

    A factor named like another column is written `factor/<name>`.
    """
    factors = [name for name in (*table.row_factors, *table.column_factors) if name != CELL]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    named = [f"factor/{name}" if name in CSV_COLUMNS else name for name in factors]
    writer.writerow([*named, *CSV_COLUMNS])
    for row in table.rows:
        for path, cell in zip(table.columns, row.cells, strict=True):
            if cell.value is None:
                continue
            pairs = [*zip(table.row_factors, row.labels, strict=True), *zip(table.column_factors, path, strict=True)]
            places = [label for name, label in pairs if name != CELL]
            mark = "best" if cell.best else "tied" if cell.tied else ""
            half = "" if cell.half_width is None else cell.half_width
            numbers = [cell.quantity, cell.value, half, cell.n or "", mark]
            writer.writerow([*places, *numbers, cell.search_key, cell.run_id])
    return out.getvalue()


def latex(table: PivotTable) -> str:
    """A `table` with a `tabular` of booktabs rules; numbers right-aligned, the label `tab:<name>`.

    Repeated labels of rows are left out, and a space stands before each new value of the first factor.
    """
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{escaped(table.title)}}}",
        f"\\label{{tab:{table.name}}}",
        *(_tabular(table) if table.columns else []),
        *(f"\\par\\footnotesize {escaped(note)}" for note in table.notes),
        "\\end{table}",
    ]
    return "\n".join([*lines, ""])


def _tabular(table: PivotTable) -> list[str]:
    stub = len(table.row_factors)
    lines = [f"\\begin{{tabular}}{{{'l' * stub}{'r' * len(table.columns)}}}", "\\toprule"]
    for depth, level in enumerate(table.headers):
        last = depth == len(table.headers) - 1
        names = [escaped(name) if last else "" for name in table.row_factors]
        lines.append(_line([*names, *map(_header, level)]))
        if not last:
            lines += _rules(level, stub)
    lines.append("\\midrule")
    before: Sequence[str] = ()
    for row in table.rows:
        if len(row.labels) > 1 and before and before[0] != row.labels[0]:
            lines.append("\\addlinespace")
        lines.append(_line([*map(escaped, _new(before, row.labels)), *map(_latex_cell, row.cells)]))
        before = row.labels
    return [*lines, "\\bottomrule", "\\end{tabular}"]


def escaped(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_LATEX.get(letter, letter) for letter in text)


def _marked(cell: Cell) -> str:
    text = f"**{cell.text}**" if cell.best else cell.text
    return f"{text}{DAGGER}" if cell.tied else text


def _latex_cell(cell: Cell) -> str:
    text = escaped(cell.text)
    text = f"\\textbf{{{text}}}" if cell.best else text
    return f"{text}{escaped(DAGGER)}" if cell.tied else text


def _header(header: Header) -> str:
    return f"\\multicolumn{{{header.span}}}{{c}}{{{escaped(header.text)}}}"


def _rules(level: Iterable[Header], start: int) -> list[str]:
    rules = []
    for header in level:
        if header.text:
            rules.append(f"\\cmidrule(lr){{{start + 1}-{start + header.span}}}")
        start += header.span
    return ["".join(rules)] if rules else []


def _new(before: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The labels that differ from the row before; from the first difference on all of them."""
    shared = 0
    while shared < len(labels) - 1 and before[: shared + 1] == labels[: shared + 1]:
        shared += 1
    return ["" if index < shared else label for index, label in enumerate(labels)]


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cells) + " \\\\"
