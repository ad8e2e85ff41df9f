"""Plain values -> Study: each key's own type first, then, as far as the keys can be read, what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from results.addresses import absolute
from tuner.checks import check
from tuner.errors import Problem
from tuner.options.problems import problems_of
from tuner.study import Study

# What stands in for a key that cannot be read, so that the others are still judged; such a study is never handed out.
_STAND_INS: dict[str, Any] = {
    "name": "unnamed",
    "trainable": "unnamed",
    "search": {"metric": "unnamed", "mode": "max", "trials": 1, "budget": {"max": 1}},
}


def read_study(data: dict[str, Any], *, folder: FilePath) -> tuple[Study | None, list[Problem]]:
    """Validate a study's plain values. folder: where files that the study names lie.

    Returns the study, or None if it has a problem, and every problem with its path from the study's top.
    """
    data = _absolute(data, folder)
    problems: list[Problem] = []
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        problems = problems_of(error, Study)
        study = _readable_part(data, problems)
    broken = frozenset(problem.path for problem in problems)
    problems += check(study, broken=broken)
    return (None if problems else study), problems


def _absolute(data: dict[str, Any], folder: FilePath) -> dict[str, Any]:
    """Files beside the study by their absolute paths: trials run elsewhere."""
    data = dict(data)
    trainable = data.get("trainable")
    if isinstance(trainable, str):
        file, separator, attribute = trainable.rpartition(":")
        if separator and file.endswith(".py"):
            data["trainable"] = f"{_beside(folder, file)}:{attribute}"
    cluster = data.get("cluster")
    if isinstance(cluster, str) and cluster not in ("", "local", "auto") and "://" not in cluster:
        data["cluster"] = _beside(folder, cluster)
    tracking = data.get("tracking")
    tracking = tracking if isinstance(tracking, dict) else {}
    uri = tracking.get("uri")
    if isinstance(uri, str):
        data["tracking"] = {**tracking, "uri": absolute(uri)}
    report = data.get("report")
    printed = report.get("compare_with") if isinstance(report, dict) else None
    if isinstance(report, dict) and isinstance(printed, str) and printed.endswith((".yaml", ".yml")):
        data["report"] = {**report, "compare_with": _beside(folder, printed)}
    return data


def _beside(folder: FilePath, name: str) -> str:
    """The file's absolute path; a name that no file can have stays as it is, and so is not there."""
    try:
        return str((folder / name).resolve())
    except (OSError, ValueError, RuntimeError):
        return name


def _readable_part(data: dict[str, Any], problems: Sequence[Problem]) -> Study:
    """A study from which everything with a problem is taken out, and replaced where it is needed."""
    search = data.get("search")
    search = dict(search) if isinstance(search, dict) else {}
    repaired = {key: value for key, value in data.items() if key in Study.model_fields}
    for problem in problems:
        top, *below = problem.path or ("",)
        if top == "search" and below:
            search.pop(str(below[0]), None)
        else:
            repaired.pop(str(top), None)
    repaired["search"] = {**_STAND_INS["search"], **search}
    return Study.model_validate({**_STAND_INS, **repaired})
