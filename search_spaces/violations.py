"""What is wrong, as data: the currency in which every check of this package answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """One broken rule: where, which rule, what was given, and the choices where there is a finite number of them.

    path: keys and indices from the space's mapping down to the value, e.g. ("lr", "loguniform", 0).
    """

    path: tuple[str | int, ...]
    rule: str
    given: object
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = ".".join(str(part) for part in self.path) or "space"
        choices = f" (choices: {', '.join(self.choices)})" if self.choices else ""
        return f"{where}: {self.rule}, but got {self.given!r}{choices}"


class SpaceError(ValueError):
    """A space, a domain or a point that breaks its rules; `violations` holds every one of them."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("\n".join(str(violation) for violation in self.violations))

    def __reduce__(self) -> tuple[type[SpaceError], tuple[tuple[Violation, ...]]]:
        # An exception's default pickling passes its message, which is not what the constructor takes.
        return (SpaceError, (self.violations,))
