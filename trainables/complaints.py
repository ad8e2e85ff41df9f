"""What is wrong with a value: the rule it breaks, what was given, what may stand there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

MAX_MISSPELT = 100  # characters; comparing takes longer than linear time


@dataclass(frozen=True)
class Complaint:
    """One broken rule: the key it concerns, the rule, what was given, what may stand there."""

    key: str
    rule: str
    given: object
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        given = "" if self.given is None else f", but got {self.given!r}"
        return f"{self.key}: {self.rule}{given}{did_you_mean(self.given, self.choices)}"


def did_you_mean(given: object, choices: Sequence[str]) -> str:
    """Text such as "; did you mean 'x'? (choices: x, y)", as far as there are choices, and one that is close."""
    text = str(given)
    close = difflib.get_close_matches(text, choices, n=1) if len(text) <= MAX_MISSPELT else []
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return hint + (f" (choices: {', '.join(choices)})" if choices else "")
