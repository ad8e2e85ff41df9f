"""The key `report`: what it may say, every mistake with its place, and that it makes no other study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from results.figures import catalog
from results.figures.names import figure_names
from results.report.section import ReportSection
from tuner import load_study, plan_study
from tuner.errors import InputError
from tuner.home import Home
from tuner.load import inspect
from tuner.stored_report import read_report
from tuner.study_folder import claim
from tuner.yaml_lines import parse_yaml

Write = Callable[..., Path]
REPORT = """\
report:
  tables:
    - {name: accuracy, rows: [loss], columns: [rule], cell: "test/accuracy/{rule}", percent: true}
    - name: "on"
      title: "Null"
      mode: Null
      rows: [loss]
      cell: [config/lr, step]
      only: {loss: [cosine]}
  figures: [loss, accuracy]
  compare_with: moving_targets
"""


def with_report(report: str) -> tuple[str, str]:
    return "name: tiny\n", f"name: tiny\n{report}"


def problems(study_file: Write, tables: str) -> list[str]:
    """Every problem of a study whose report has these tables, from the place on."""
    path = study_file(*with_report(f"report:\n  tables:\n{tables}"))
    return [problem.format().partition(": ")[2].removeprefix("report.tables.") for problem in inspect(path)[1]]


def test_a_report_is_read_and_its_cells_have_labels(study_file: Write) -> None:
    report = load_study(study_file(*with_report(REPORT))).report
    accuracy, other = report.tables
    assert (accuracy.cell, accuracy.percent) == ({"test/accuracy": "test/accuracy/{rule}"}, True)
    assert (other.name, other.cell) == ("on", {"lr": "config/lr", "step": "step"})
    assert (report.figures, report.compare_with) == (("loss", "accuracy"), "moving_targets")


@pytest.mark.parametrize(
    ("table", "place", "message"),
    [
        ("{name: a/b, cell: step}", "0.name", "must be a file name"),
        (
            "{name: a, cell: step, mode: most}",
            "0.mode",
            "must be one of the choices, but got 'most'; choices: min, max",
        ),
        ("{name: a, cell: step, row: [loss]}", "0.row", "is not a key here, but got 'row'; did you mean rows?"),
        ("{name: a, cell: step, rows: loss}", "0.rows", "must be a list"),
        ("{name: a, cell: []}", "0.cell", "must name something to show"),
        ("{name: a}", "0.cell", "is required"),
        ("{name: a, cell: 'x/{'}", "0.cell", "'x/{' must close its braces"),
        ("{name: a, cell: 'x/{r}/{r}'}", "0.cell", "'x/{r}/{r}' must name each factor once"),
        ("{name: a, cell: best x}", "0.cell", "'best x' must have a factor to choose from"),
        ("{name: a, cell: config/}", "0.cell", "'config/' must name a parameter"),
        ("{name: a, cell: config/lrr}", "0.cell", "must name a parameter of this study after config/, but got 'lrr'"),
        ("{name: a, cell: step, rows: [los]}", "0.rows.0", "is neither a factor of the grid nor one that the cell"),
        ("{name: a, cell: step, rows: [loss, loss]}", "0.rows.1", "stands twice in this table"),
        ("{name: a, cell: step, rows: [loss], columns: [loss]}", "0.columns.0", "stands twice in this table"),
        ("{name: a, cell: step, only: {los: [cosine]}}", "0.only.los", "is not a factor of the grid, but got 'los'"),
        ("{name: a, cell: step, only: {loss: [cos]}}", "0.only.loss.0", "is not a value of loss in the grid, but got"),
        ("{name: a, cell: step, compare: [loss]}", "0.compare.0", "must stand in rows or columns"),
        ("{name: a, cell: 'x/{rule}'}", "0.cell", "makes a factor that must stand in rows or columns, but got 'rule'"),
        ("{name: a, rows: [loss], cell: 'x/{loss}'}", "0.cell", "makes a factor that the grid has already"),
    ],
)
def test_a_mistake_is_told_with_its_place(study_file: Write, table: str, place: str, message: str) -> None:
    found = problems(study_file, f"    - {table}\n")
    assert any(problem.startswith(f"{place}: {message}") for problem in found), found


def test_mistakes_of_all_tables_are_told_at_once(study_file: Write) -> None:
    """Names become files, and some machines take `A` and `a` for the same one."""
    found = problems(study_file, "    - {name: a, cell: step, rows: [x]}\n    - {name: A, cell: step, rows: [y]}\n")
    assert [problem.partition(":")[0] for problem in found] == ["0.rows.0", "1.name", "1.rows.0"]


def test_the_names_of_figures_are_the_catalogues() -> None:
    """Oracle: the catalogues themselves, imported."""
    every = {**catalog.TRIAL_FIGURES, **catalog.SEARCH_FIGURES, **catalog.STUDY_FIGURES}
    assert set(figure_names()) == set(every)


def test_the_report_makes_no_other_study(study_file: Write, tmp_path: Path) -> None:
    """Oracle: fingerprints of study and searches; a study that has begun goes on, as another seed's does not."""
    plain, reported = load_study(study_file()), load_study(study_file(*with_report(REPORT), name="reported.yaml"))
    plans = plan_study(plain), plan_study(reported)
    assert plans[0].fingerprint == plans[1].fingerprint
    assert [s.fingerprint for s in plans[0].searches] == [s.fingerprint for s in plans[1].searches]
    home = Home(tmp_path / "home")
    with claim(home, plain, fresh=False) as folder:
        (folder.search("euclidean")).mkdir(parents=True)
    with claim(home, reported, fresh=False) as again:
        assert again == folder
    other = load_study(study_file("trials: 4", "trials: 4\n  seed: 2", name="other.yaml"))
    with pytest.raises(InputError, match="only budgets may change"), claim(home, other, fresh=False):
        pass


def test_a_stored_text_gives_the_same_report(study_file: Write) -> None:
    """Oracle: the loader of study files; names that YAML 1.1 takes for something else stay text."""
    study = load_study(study_file(*with_report(REPORT)), overrides=["search.trials=2"])
    assert read_report(study.source) == (study.report, "")


def test_a_stored_text_is_read_as_study_files_are() -> None:
    """Oracle: tuner's reader of YAML 1.2."""
    values = "[on, no, 1e-4, 0x1F, 010, 1_000, -3, .5, true, 'true', Null, 2001-01-01, nullable, '3', trueish]"
    read, _ = read_report(f"report: {{tables: [{{name: a, cell: step, only: {{x: {values}}}}}]}}")
    assert list(read.tables[0].only["x"]) == parse_yaml(f"x: {values}").data["x"]


def test_a_text_without_a_report_or_with_a_broken_one_gives_none() -> None:
    assert read_report("") == (ReportSection(), "")
    assert read_report("name: x\n") == (ReportSection(), "")
    broken = "the report cannot be read from the study's stored text: "
    assert read_report("report: [\n")[1].startswith(f"{broken}is not YAML: ")
    empty, why = read_report("report: {tables: [{name: a}]}\n")
    assert empty == ReportSection()
    assert why == f"{broken}report.tables.0.cell: is required"


def test_printed_numbers_may_be_a_file_beside_the_study(study_file: Write, tmp_path: Path) -> None:
    (tmp_path / "printed.yaml").write_text("x")
    report = load_study(study_file(*with_report("report: {compare_with: printed.yaml}\n"))).report
    assert report.compare_with == str(tmp_path / "printed.yaml")
