"""What can go wrong before a cluster works.

ClusterError
├── UnmeetableDemand   no node is big enough for one trial
└── LauncherError      a launcher file breaks its schema; carries every violation
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ClusterError(Exception):
    """The cluster cannot be started, reached or used as asked. Its text is meant for the user."""


class UnmeetableDemand(ClusterError):  # noqa: N818  (named for what it says)
    """No node can hold one trial."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken rule of a launcher file: where, the rule, what was given, the choices."""

    path: tuple[str | int, ...]
    rule: str
    given: object
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = ".".join(map(str, self.path)) or "(the file)"
        choices = f" (one of {', '.join(self.choices)})" if self.choices else ""
        return f"{where}: {self.rule}, but got {self.given!r}{choices}"


class LauncherError(ClusterError):
    """A launcher file breaks its schema. `violations` holds all of them."""

    def __init__(self, file: Path, violations: Sequence[Violation]) -> None:
        self.file = file
        self.violations = tuple(violations)
        super().__init__("\n".join(f"{file}: {violation}" for violation in self.violations))
