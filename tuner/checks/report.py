"""What a report asks for must be there: factors of the grid, parameters, figures, printed numbers."""

from __future__ import annotations

from collections.abc import Iterator

from results.figures.names import figure_names
from results.pivot import TableSpec
from results.pivot import check as check_spec
from search_spaces.values import same
from tuner.checks.view import StudyView
from tuner.errors import Problem
from tuner.names import is_file


def check_report(view: StudyView) -> Iterator[Problem]:
    """Tables have names of their own and ask for what the study has; figures and printed numbers exist."""
    report = view.study.report
    seen: set[str] = set()
    for index, spec in enumerate(report.tables):
        place = ("report", "tables", index)
        # Names become files, and some machines take `A` and `a` for the same one.
        if spec.name.casefold() in seen:
            yield Problem((*place, "name"), "is the name of another table, too", spec.name)
        seen.add(spec.name.casefold())
        for problem in _check_table(spec, view):
            yield problem.at(*place)
    for index, name in enumerate(report.figures):
        if name not in figure_names():
            yield Problem(("report", "figures", index), "is not a figure", name, figure_names())
    if report.compare_with is not None:
        yield from _check_printed(report.compare_with)


def _check_table(spec: TableSpec, view: StudyView) -> Iterator[Problem]:
    """Factors with their values, and parameters; paths from the table's top."""
    grid = view.study.grid
    for path, rule, given, choices in check_spec(spec, tuple(grid)):
        yield Problem(path, rule, given, choices)
    for factor, values in spec.only.items():
        taken = grid.get(factor, values)
        for number, value in enumerate(values):
            if not any(same(value, other) for other in taken):
                rule = f"is not a value of {factor} in the grid"
                yield Problem(("only", factor, number), rule, value, tuple(map(str, taken)))
    known = tuple(dict.fromkeys((*view.space.names, *grid, *view.study.fixed)))
    for content in spec.contents():
        # A broken space is told already, and may be where the parameter is.
        if content.kind == "config" and content.name not in known and not view.broken:
            yield Problem(("cell",), "must name a parameter of this study after config/", content.name, known)


def _check_printed(given: str) -> Iterator[Problem]:
    place = ("report", "compare_with")
    if given.endswith((".yaml", ".yml")):
        if not is_file(given):
            yield Problem(place, "must be a file that exists, or a work whose printed numbers are shipped", given)
        return
    from results.references import shipped

    if given not in shipped():
        yield Problem(place, "must be a work whose printed numbers are shipped, or a file with them", given, shipped())
