"""A named parameter and its branches: a domain, and the condition under which the parameter lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.conditions import Condition, parse_condition
from search_spaces.domains import Domain, parse_domain
from search_spaces.violations import SpaceError, Violation


@dataclass(frozen=True)
class Branch:
    """A domain, and when it holds; `when=None` holds always."""

    domain: Domain
    when: Condition | None = None

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the branch holds, given the values of the active parameters."""
        return self.when is None or self.when.holds(values)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names that the branch's condition refers to."""
        return () if self.when is None else self.when.keys

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return self.domain.to_spec() | ({} if self.when is None else {"when": self.when.to_spec()})


@dataclass(frozen=True)
class Parameter:
    """A name and its branches, of which at most one holds at a time; with none the parameter is inactive."""

    name: str
    branches: tuple[Branch, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The names that the branches' conditions refer to, each once."""
        return tuple(dict.fromkeys(key for branch in self.branches for key in branch.keys))

    def active_branch(self, values: Mapping[str, Any]) -> int | None:
        """The index of the branch that holds, None if the parameter is inactive. Raises SpaceError if two hold."""
        active = [index for index, branch in enumerate(self.branches) if branch.holds(values)]
        if len(active) > 1:
            given = {key: values[key] for key in self.keys if key in values}
            raise SpaceError([Violation((self.name,), f"branches {_and(active)} must not hold at once", given)])
        return active[0] if active else None

    def values(self) -> tuple[Any, ...] | None:
        """The values of all branches, None if one of them cannot be listed."""
        listed: list[Any] = []
        for branch in self.branches:
            values = branch.domain.values()
            if values is None:
                return None
            listed += values
        return tuple(listed)

    def branch_path(self, index: int) -> tuple[str | int, ...]:
        """Where a branch stands in the space's mapping."""
        return (self.name,) if len(self.branches) == 1 else (self.name, index)

    def to_spec(self) -> Any:
        """The YAML form: a mapping, or a list of them when there are several branches."""
        specs = [branch.to_spec() for branch in self.branches]
        return specs[0] if len(specs) == 1 else specs


def parse_parameter(name: object, entry: object) -> Parameter:
    """The parameter that an entry of a space describes. Raises SpaceError with every violation found."""
    if not isinstance(name, str) or not name:
        raise SpaceError([Violation((str(name),), "must have text as its name (quote it)", name)])
    if isinstance(entry, list) and not entry:
        raise SpaceError([Violation((name,), "must have at least one branch", entry)])
    places = [((name, i), item) for i, item in enumerate(entry)] if isinstance(entry, list) else [((name,), entry)]
    branches: list[Branch] = []
    violations: list[Violation] = []
    for path, item in places:
        try:
            branches.append(_parse_branch(item, path))
        except SpaceError as error:
            violations += error.violations
    if violations:
        raise SpaceError(violations)
    return Parameter(name, tuple(branches))


def _parse_branch(entry: object, path: tuple[str | int, ...]) -> Branch:
    violations: list[Violation] = []
    when: Condition | None = None
    spec = entry
    if isinstance(entry, Mapping) and "when" in entry:
        spec = {key: value for key, value in entry.items() if key != "when"}
        try:
            when = parse_condition(entry["when"], (*path, "when"))
        except SpaceError as error:
            violations += error.violations
    try:
        domain = parse_domain(spec, path)
    except SpaceError as error:
        raise SpaceError([*violations, *error.violations]) from None
    if violations:
        raise SpaceError(violations)
    return Branch(domain, when)


def _and(indices: list[int]) -> str:
    return " and ".join(str(index) for index in indices)
