"""When a branch holds: `{loss: cosine}`, `{loss: [a, b]}`, `{loss: {not: x}}`; several keys are ANDed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from search_spaces.values import identity, plain_rule
from search_spaces.violations import SpaceError, Violation


@dataclass(frozen=True)
class Clause:
    """One key's part of a condition: the key has one of the values or, negated, has a value that is none of them."""

    key: str
    values: tuple[Any, ...]
    negated: bool = False

    @cached_property
    def _identities(self) -> frozenset[Hashable]:
        return frozenset(map(identity, self.values))

    def accepts(self, value: object) -> bool:
        """Whether the clause takes this value of its key."""
        return (identity(value) in self._identities) != self.negated

    def excludes(self, other: Clause) -> bool:
        """Whether no value of their key can please both; False where both are negated."""
        if self.negated:
            return not other.negated and other._identities <= self._identities
        if other.negated:
            return self._identities <= other._identities
        return self._identities.isdisjoint(other._identities)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the key has a value that is accepted; while it has none, not even a negated clause holds."""
        return self.key in values and self.accepts(values[self.key])

    def to_spec(self) -> Any:
        """The YAML form of the key's value."""
        # A lone value that is itself a list or mapping would read as a list of values or as `not`.
        lone = len(self.values) == 1 and not isinstance(self.values[0], list | tuple | Mapping)
        listed = self.values[0] if lone else list(self.values)
        return {"not": listed} if self.negated else listed

    def __str__(self) -> str:
        word = "is not" if self.negated else "is"
        return f"{self.key} {word} {' or '.join(repr(value) for value in self.values)}"


@dataclass(frozen=True)
class Condition:
    """Clauses that must all hold."""

    clauses: tuple[Clause, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether all clauses hold."""
        return all(clause.holds(values) for clause in self.clauses)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names that the condition refers to."""
        return tuple(clause.key for clause in self.clauses)

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {clause.key: clause.to_spec() for clause in self.clauses}

    def __str__(self) -> str:
        return " and ".join(str(clause) for clause in self.clauses)


def parse_condition(spec: object, path: tuple[str | int, ...] = ()) -> Condition:
    """The condition that a `when` mapping describes. Raises SpaceError with every violation found."""
    if not isinstance(spec, Mapping) or not spec:
        raise SpaceError([Violation(path, "must map at least one name to the values at which the branch holds", spec)])
    clauses: list[Clause] = []
    violations: list[Violation] = []
    for key, body in spec.items():
        try:
            clauses.append(_parse_clause(key, body, (*path, str(key))))
        except SpaceError as error:
            violations += error.violations
    if violations:
        raise SpaceError(violations)
    return Condition(tuple(clauses))


def _parse_clause(key: object, body: object, path: tuple[str | int, ...]) -> Clause:
    if not isinstance(key, str):
        raise SpaceError([Violation(path, "must be the name of a parameter", key)])
    negated = isinstance(body, Mapping)
    if isinstance(body, Mapping):
        if list(body) != ["not"]:
            raise SpaceError([Violation(path, "must be a value, a list of values, or {not: …}", dict(body))])
        path, body = (*path, "not"), body["not"]
    values = tuple(body) if isinstance(body, list | tuple) else (body,)
    if not values:
        raise SpaceError([Violation(path, "must list at least one value", body)])
    violations = [Violation(path, rule, value) for value in values if (rule := plain_rule(value))]
    if violations:
        raise SpaceError(violations)
    return Clause(key, values, negated)
