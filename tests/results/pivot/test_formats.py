"""One table written in three formats, each parsed back by a small reader of its own. Oracle: the table itself."""

from __future__ import annotations

import csv
import io
import re

import pytest

from results.pivot import PivotTable, TableSpec, pivot
from results.pivot.formats import escaped
from results.report.section import ReportSection
from results.report.tables import report_tables

from .worked import outcome, study, trial

NASTY = "a_b & 5% of #1 $x {y} ~z^2 \\w <v> |u|"


def made(**spec) -> PivotTable:
    return pivot(study(), TableSpec.model_validate({"name": "t", "title": "A title", **spec}))


GROUPED = made(rows=["loss"], columns=["dataset", "rule"], cell="test/accuracy/{rule}")
MIXED = made(rows=["dataset", "loss"], cell={"accuracy": "test/accuracy", "rate": "config/lr"})


def read_markdown(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows: cells between bars that are not escaped."""
    lines = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    assert all(set(cell) == {"-"} for cell in lines[1])
    return lines[0], lines[2:]


def read_latex(text: str) -> list[list[str]]:
    """The tabular's lines as cells, headers spread over their columns, repeated labels filled in."""
    body = text.partition("\\toprule\n")[2].partition("\\bottomrule")[0]
    rows: list[list[str]] = []
    for line in body.splitlines():
        if not line.endswith("\\\\"):
            continue
        cells: list[str] = []
        for cell in re.split(r"(?<!\\) & ", line.removesuffix(" \\\\")):
            spanning = re.fullmatch(r"\\multicolumn\{(\d+)\}\{c\}\{(.*)\}", cell)
            cells += [plain(spanning[2])] * int(spanning[1]) if spanning else [plain(cell)]
        rows.append(cells)
    return rows


def plain(cell: str) -> str:
    """LaTeX of a cell as Markdown writes it."""
    for wrong, right in (("$\\pm$", "±"), ("$^\\dagger$", "†"), ("\\_", "_")):
        cell = cell.replace(wrong, right)
    return re.sub(r"\\textbf\{(.*?)\}", r"**\1**", cell).strip()


def written(table: PivotTable) -> list[list[str]]:
    """What every format must hold: labels and marked texts."""
    return [
        [*row.labels, *(f"**{c.text}**" if c.best else f"{c.text}†" if c.tied else c.text for c in row.cells)]
        for row in table.rows
    ]


@pytest.mark.parametrize("table", [GROUPED, MIXED], ids=["grouped", "mixed"])
def test_markdown_is_parsed_back(table: PivotTable) -> None:
    header, rows = read_markdown(table.markdown())
    assert header == [*table.row_factors, *(" / ".join(path) for path in table.columns)]
    assert rows == written(table)
    assert "0.9170 ± 0.0254†" in table.markdown()
    for note in table.notes:
        assert note in table.markdown()


@pytest.mark.parametrize("table", [GROUPED, MIXED], ids=["grouped", "mixed"])
def test_latex_is_parsed_back(table: PivotTable) -> None:
    depth = len(table.headers)
    lines = read_latex(table.latex())
    stub = len(table.row_factors)
    for level, line in enumerate(lines[:depth]):
        assert line[stub:] == [path[level] for path in table.columns]
    assert lines[depth - 1][:stub] == list(table.row_factors)
    filled: list[list[str]] = []
    for line in lines[depth:]:
        filled.append([cell or filled[-1][i] if i < stub - 1 and filled else cell for i, cell in enumerate(line)])
    assert filled == written(table)
    assert table.latex().count("{") == table.latex().count("}")
    assert f"{{{'l' * stub}{'r' * len(table.columns)}}}" in table.latex()


def test_headers_over_several_columns_have_rules_of_their_width() -> None:
    text = GROUPED.latex()
    assert "\\multicolumn{2}{c}{MNIST} & \\multicolumn{2}{c}{KMNIST}" in text
    assert "\\cmidrule(lr){2-3}\\cmidrule(lr){4-5}" in text
    assert "\\caption{A title}" in text
    assert "\\label{tab:t}" in text


def test_csv_has_one_line_a_cell_with_numbers_in_full() -> None:
    rows = list(csv.DictReader(io.StringIO(GROUPED.csv())))
    full = [
        (row.labels, path, cell)
        for row in GROUPED.rows
        for path, cell in zip(GROUPED.columns, row.cells, strict=True)
        if cell.value is not None
    ]
    assert len(rows) == len(full) == 10
    for read, ((loss,), (dataset, rule), cell) in zip(rows, full, strict=True):
        assert (read["loss"], read["dataset"], read["rule"]) == (loss, dataset, rule)
        assert (float(read["value"]), float(read["half_width"]), int(read["n"])) == (cell.value, cell.half_width, 5)
        assert read["mark"] == ("best" if cell.best else "tied" if cell.tied else "")
        assert (read["search"], read["run_id"]) == (cell.search_key, cell.run_id)
    assert {read["cell"] for read in csv.DictReader(io.StringIO(MIXED.csv()))} == {"accuracy", "rate"}


def test_a_factor_named_like_a_column_keeps_apart() -> None:
    table = pivot(
        [outcome({"n": 3, "search": "x"}, [trial(0, [{"val/accuracy": 0.5}])])],
        TableSpec(name="t", rows=("n", "search"), cell={"a": "val/accuracy"}),
    )
    (row,) = csv.DictReader(io.StringIO(table.csv()))
    assert (row["factor/n"], row["n"], row["factor/search"], row["search"]) == ("3", "1", "x", "3-x")


def test_any_text_is_escaped() -> None:
    """Oracle: what LaTeX needs before each letter, by hand; in Markdown a bar."""
    assert escaped(NASTY) == (
        r"a\_b \& 5\% of \#1 \$x \{y\} \textasciitilde{}z\textasciicircum{}2 \textbackslash{}w "
        r"\textless{}v\textgreater{} \textbar{}u\textbar{}"
    )
    table = pivot(
        [outcome({"loss": NASTY}, [trial(0, [{"val/accuracy": 0.5}])])],
        TableSpec(name="t", title=NASTY, rows=("loss",), cell={NASTY: "val/accuracy"}),
    )
    assert table.latex().count(escaped(NASTY)) == 3
    header, rows = read_markdown(table.markdown())
    assert (header[1], rows[0][0]) == (NASTY, NASTY)


def test_a_report_has_its_tables_or_the_default_ones_and_says_which_cannot_be_made() -> None:
    assert [table.name for table in report_tables(study(), ReportSection())] == [
        "best_models",
        "by_rule",
        "hyperparameters",
    ]
    specs = (
        TableSpec(name="a", rows=("loss",), cell={"x": "step"}),
        TableSpec(name="b", rows=("x",), cell={"x": "step"}),
    )
    good, bad = report_tables(study(), ReportSection(tables=specs))
    assert len(good.rows) == 3
    assert bad.rows == ()
    assert bad.notes[0].startswith("This table cannot be made: rows.0: is neither a factor of the grid")
    assert bad.markdown() == "\n\n".join(bad.notes)
    assert "tabular" not in bad.latex()
    assert bad.csv().count("\n") == 1
