"""`tuner validate`: every problem of some study files, at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.common import JsonOption, complain, print_json

if TYPE_CHECKING:
    from tuner.errors import Problem
    from tuner.study import Study


def command(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Study files.", show_default=False)],
    deep: Annotated[
        bool, typer.Option("--deep", help="Also import what the study names, and check its signatures.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check study files: every problem at once, with file, line, place, rule and choices.

    Names are looked up without importing anything; --deep imports them.

    Example: tuner validate studies/*.yaml
    """
    from tuner.load import inspect

    reports: list[dict[str, Any]] = []
    for path in studies:
        study, problems = inspect(path)
        if deep and study is not None:
            problems = _deep_problems(study, path)
        ok = study is not None and not problems
        reports.append({"file": str(path), "ok": ok, "problems": [_facts(problem) for problem in problems]})
        if as_json:
            continue
        for problem in problems:
            complain(problem.format())
        if ok and study is not None:
            searches, trials = len(study.cells()), study.search.trials
            typer.echo(f"{path}: ok ({searches} {_plural('search', 'searches', searches)} of at most {trials} trials)")
    if as_json:
        print_json({"ok": all(report["ok"] for report in reports), "studies": reports})
    if not all(report["ok"] for report in reports):
        raise typer.Exit(2)


def _deep_problems(study: Study, path: Path) -> list[Problem]:
    from dataclasses import replace

    from tuner.cli.deep import check_imports

    return [replace(problem, file=str(path)) for problem in check_imports(study)]


def _facts(problem: Problem) -> dict[str, Any]:
    from tuner.errors import MISSING

    given = None if problem.given is MISSING else problem.given
    return {
        "file": problem.file,
        "line": problem.line,
        "option": problem.option,
        "path": problem.place,
        "rule": problem.rule,
        "given": given,
        "choices": list(problem.choices),
        "message": problem.message(),
    }


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many
