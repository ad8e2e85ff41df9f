"""Domains whose values are listed: a choice, and the one value of a constant."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from search_spaces.domains.bounds import refuse
from search_spaces.values import identity, plain_rule, same

MAX_SHOWN = 24  # options that a message lists


@dataclass(frozen=True)
class Choice:
    """One of the options, each equally likely; they have no order.

    Raises SpaceError if there is none, one stands twice, or one is not a plain value (see `plain_rule`).
    """

    kind: ClassVar[str] = "choice"
    options: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.options, Sequence) or isinstance(self.options, str):
            refuse("must be a list of options", self.options)
        object.__setattr__(self, "options", tuple(self.options))
        rule = "must have at least one option" if not self.options else None
        for option in self.options:
            rule = rule or plain_rule(option)
        if rule is None and len(set(map(identity, self.options))) < len(self.options):
            rule = "an option must not stand twice"
        refuse(rule, list(self.options))

    def check(self, value: object) -> str | None:
        """The rule that `value` breaks, None if it is one of the options."""
        return None if self._position(value) is not None else f"must be one of {_listed(self.options)}"

    def cast(self, value: Any) -> Any:
        """The option that equals the value. Raises ValueError if there is none."""
        return self.options[self.index(value)]

    def index(self, value: object) -> int:
        """The position of an option. Raises ValueError if the value is none."""
        position = self._position(value)
        if position is None:
            raise ValueError(f"must be one of {_listed(self.options)}, but got {value!r}")
        return position

    def values(self) -> tuple[Any, ...]:
        """All options, as they are listed."""
        return self.options

    def extremes(self) -> tuple[Any, ...]:
        """All options: none stands for another."""
        return self.options

    def sample(self, rng: random.Random) -> Any:
        """An option drawn by chance."""
        return self.options[rng.randrange(len(self.options))]

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {self.kind: list(self.options)}

    def _position(self, value: object) -> int | None:
        return self._positions.get(identity(value))

    @cached_property
    def _positions(self) -> dict[Hashable, int]:
        return {identity(option): index for index, option in enumerate(self.options)}


@dataclass(frozen=True)
class Constant:
    """A value that is set rather than searched. Raises SpaceError unless it is plain (see `plain_rule`)."""

    kind: ClassVar[str] = "constant"
    value: Any

    def __post_init__(self) -> None:
        refuse(plain_rule(self.value), self.value)

    def check(self, value: object) -> str | None:
        """The rule that `value` breaks, None if it is the constant."""
        return None if same(self.value, value) else f"must be {self.value!r}, which is constant here"

    def cast(self, value: Any) -> Any:  # noqa: ARG002 - every domain has the same surface
        """The constant."""
        return self.value

    def values(self) -> tuple[Any, ...]:
        """The constant alone."""
        return (self.value,)

    def extremes(self) -> tuple[Any, ...]:
        """The constant alone."""
        return (self.value,)

    def sample(self, rng: random.Random) -> Any:  # noqa: ARG002 - every domain has the same surface
        """The constant; the generator is left alone."""
        return self.value

    def to_spec(self) -> dict[str, Any]:
        """The YAML form."""
        return {self.kind: self.value}


def _listed(options: Sequence[Any]) -> str:
    more = len(options) - MAX_SHOWN
    return ", ".join(map(repr, options[:MAX_SHOWN])) + (f" and {more} more" if more > 0 else "")
