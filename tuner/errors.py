"""What can go wrong, as a person is told about it.

TunerError              exit code 1
├── InputError          2     a study, option or file is wrong: nothing was started; lists every problem
├── RunError            1     it was started and failed
│   └── ClusterLost     1     Ray's head has ended; the same command goes on
└── Interrupted         130   stopped by a signal; the same command goes on
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

MISSING: Final = object()
"""Stands for "nothing was given": `None` is a value that a study can hold."""

_MAX_CHOICES = 24
_MAX_GIVEN = 120
_MAX_MISSPELT = 100  # characters; comparing takes longer than linear time


@dataclass(frozen=True)
class Problem:
    """One mistake in a person's input: where, the rule, what was given, the choices.

    path: keys and list indices from the top of the study. file, line: where that stands. option: the command-line
    option ("--set search.trials") that brought the value in, instead of file and line.
    """

    path: tuple[str | int, ...]
    rule: str
    given: object = MISSING
    choices: tuple[str, ...] = ()
    line: int | None = None
    file: str | None = None
    option: str | None = None

    @property
    def place(self) -> str:
        """The YAML path, dotted: "search.stoppers.0.trial_plateau"."""
        return ".".join(str(part) for part in self.path)

    def format(self) -> str:
        """One line: "studies/x.yaml:12: search.trials: must be at least 1, but got 0"."""
        return "".join(f"{part}: " for part in self._where()) + self.message()

    def message(self) -> str:
        """The rule, the value, the nearest choice and all choices, without the place."""
        text = self.rule
        if self.given is not MISSING:
            text += f", but got {_shown(self.given)}"
        if self.choices:
            nearest = did_you_mean(self.given, self.choices)
            text += f"; did you mean {nearest}?" if nearest else ";"
            text += f" Choices: {_listed(self.choices)}" if nearest else f" choices: {_listed(self.choices)}"
        return text

    def _where(self) -> Iterable[str]:
        if self.option is not None:
            yield self.option
            if self.place and not self.option.endswith(f" {self.place}"):
                yield self.place
            return
        if self.file is not None:
            yield self.file if self.line is None else f"{self.file}:{self.line}"
        if self.place:
            yield self.place

    def at(self, *prefix: str | int) -> Problem:
        """The same problem seen from further up: its path with `prefix` before it."""
        return replace(self, path=(*prefix, *self.path))


def did_you_mean(given: object, choices: Iterable[str]) -> str | None:
    """The choice that `given` is probably a misspelling of, or None."""
    if not isinstance(given, str) or len(given) > _MAX_MISSPELT:
        return None
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(given.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def _shown(value: object) -> str:
    text = "".join(itertools.islice(_pieces(value), _MAX_GIVEN))
    return text if len(text) <= _MAX_GIVEN else f"{text[:_MAX_GIVEN]}..."


def _pieces(value: object) -> Iterator[str]:
    """The value's repr piece by piece: a large one is not written out only to be cut."""
    if isinstance(value, str | bytes):
        yield repr(value[: _MAX_GIVEN + 1])
    elif isinstance(value, dict):
        yield "{"
        for index, (key, below) in enumerate(value.items()):
            yield ", " if index else ""
            yield from _pieces(key)
            yield ": "
            yield from _pieces(below)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for index, below in enumerate(value):
            yield ", " if index else ""
            yield from _pieces(below)
        yield "]"
    else:
        yield repr(value)


def _listed(choices: Sequence[str]) -> str:
    more = len(choices) - _MAX_CHOICES
    return ", ".join(choices[:_MAX_CHOICES]) + (f" and {more} more" if more > 0 else "")


class TunerError(Exception):
    """Anything that a person is told in words instead of a traceback."""

    exit_code = 1


class InputError(TunerError):
    """Something that was given is wrong. `problems` holds every mistake found, in the order of the file."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = (Problem((), problems),)
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(problem.format() for problem in self.problems))


class RunError(TunerError):
    """The run was started and could not be brought to its end."""


class ClusterLost(RunError):  # noqa: N818  (as below)
    """Ray's head has ended under the run. What was done is kept and the same command goes on.

    Ray's threads of this process wait for the head, and end it after a minute: leave the process, do not start another
    run in it.
    """


class Interrupted(TunerError):  # noqa: N818  (the state's name, as it is printed)
    """Stopped by a signal; what was done is kept and the same command goes on."""

    exit_code = 130
