"""What a notebook is told in words: where, what was given, the choices."""

from __future__ import annotations

from collections.abc import Iterable


class NotThereError(KeyError):
    """A study, search, figure or metric of that name is not there; the message lists those that are."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the message as a quoted literal


def not_there(kind: str, given: object, choices: Iterable[object], *, where: str = "") -> NotThereError:
    """The error for a name that is not among `choices`. where: " in the store", say."""
    listed = ", ".join(str(choice) for choice in choices) or "none yet"
    return NotThereError(f"there is no {kind} {given!r}{where}; choices: {listed}")
