"""YAML -> Study. Every mistake is reported at once, each with its file, line and YAML path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tuner.errors import InputError, Problem
from tuner.overrides import Override, apply_overrides
from tuner.reading import read_study
from tuner.study import Study
from tuner.yaml_lines import Document, parse_yaml

MAX_BYTES = 1_000_000
MAX_PROBLEMS = 100


def load_study(path: str | Path, *, overrides: Sequence[str] = ()) -> Study:
    """Read and check a study file. overrides: `--set` values as they are typed, such as "search.trials=8".

    Raises InputError with every problem found. No trainable, ray or torch is imported.
    """
    study, problems = inspect(path, overrides=overrides)
    if study is None:
        raise InputError(problems)
    return study


def inspect(path: str | Path, *, overrides: Sequence[str] = ()) -> tuple[Study | None, list[Problem]]:
    """The study, or None, and everything that is wrong with it; as `load_study`, without raising."""
    path = Path(path)
    try:
        file = read_file(path, what="study")
    except InputError as error:
        return None, list(error.problems)
    places = file.places
    places.overrides, problems = apply_overrides(file.data, overrides)
    study, found = read_study(file.data, folder=path.parent)
    problems = places.locate([*problems, *found])
    if study is None or problems:
        return None, problems
    study.attach_source("".join(f"# --set {override}\n" for override in overrides) + file.text)
    return study, []


def read_file(path: Path, *, what: str) -> File:
    """A YAML file that holds one mapping, as plain values. what: is said to a person, "study".

    Raises InputError with every problem.
    """
    text, problem = _read(path, what)
    if text is None:
        raise InputError([problem] if problem else [])
    document = parse_yaml(text)
    places = Places(str(path), document)
    if document.problems:
        raise InputError(places.locate(document.problems))
    if not isinstance(document.data, dict):
        rule = "is empty" if document.data is None else f"must be a mapping with the keys of a {what}"
        raise InputError(places.locate([Problem((), rule)]))
    return File(text, document.data, places)


def _read(path: Path, what: str) -> tuple[str | None, Problem | None]:
    file = str(path)
    try:
        if path.is_dir():
            return None, Problem((), f"is a folder, not a {what} file", file=file)
        size = path.stat().st_size  # 0 of a pipe and of a device, which may never end
        if size <= MAX_BYTES:
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
            size = len(content)
        if size > MAX_BYTES:
            return None, Problem((), f"is larger than {MAX_BYTES:,} bytes, which no {what} is", size, file=file)
        return content.decode("utf-8-sig"), None
    except FileNotFoundError:
        near = tuple(sorted(str(other) for other in path.parent.glob("*.yaml"))) if path.parent.is_dir() else ()
        return None, Problem((), "is not there", choices=near, file=file)
    except UnicodeDecodeError as error:
        return None, Problem((), f"is not UTF-8 text (byte {error.start})", file=file)
    except (OSError, ValueError) as error:  # a NUL in its name is a ValueError
        return None, Problem((), f"cannot be read: {getattr(error, 'strerror', error)}", file=file)


@dataclass(frozen=True)
class File:
    """A YAML file that was read: its text, its plain values, and where each of them stands."""

    text: str
    data: dict[str, Any]
    places: Places


@dataclass
class Places:
    """Where a YAML path was written: a line of the file, or an option of the command line."""

    file: str
    document: Document
    overrides: list[Override] = field(default_factory=list)

    def locate(self, problems: Sequence[Problem]) -> list[Problem]:
        """The same problems with their places, in the order of the file; the command line's come last."""
        located = [self._located(problem) for problem in problems]
        in_order = sorted(located, key=lambda problem: (problem.option is not None, problem.line or 0))
        once: list[Problem] = []
        for problem in in_order:
            if problem not in once:
                once.append(problem)
            if len(once) == MAX_PROBLEMS:
                left = len(in_order) - len(once)
                rule = f"has {left:,} more problems; these were the first {MAX_PROBLEMS}"
                return [*once, Problem((), rule, file=self.file)] if left else once
        return once

    def _located(self, problem: Problem) -> Problem:
        if problem.option is not None:
            return problem
        for override in reversed(self.overrides):
            below = problem.path[: len(override.path)] == override.path
            above = override.path[: len(problem.path)] == problem.path and problem.path not in self.document.lines
            if problem.path and (below or above):
                return replace(problem, option=override.option)
        if problem.line is not None:
            return replace(problem, file=self.file)
        return replace(problem, file=self.file, line=self._line(problem.path))

    def _line(self, path: tuple[str | int, ...]) -> int | None:
        lines = self.document.lines
        if path[:1] == ("space",) and path[:2] not in lines and ("space", "extends") in lines:
            return lines["space", "extends"]  # the entry comes from the preset
        for length in range(len(path), 0, -1):
            if path[:length] in lines:
                return lines[path[:length]]
        return None
