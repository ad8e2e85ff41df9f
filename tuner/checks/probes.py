"""Configurations that stand for a whole space: every path through its conditions, every bound, every option."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from search_spaces.domains import Domain
from search_spaces.space import Space

MAX_PATHS = 1000  # through the conditions of one cell; a space with more is judged by the first ones


def probes(space: Space) -> Iterator[dict[str, Any]]:
    """For each combination of the values that conditions look at: all lows, all highs, and each option by itself."""
    waiting: list[dict[str, Any]] = [{}]
    for _ in range(MAX_PATHS):
        if not waiting:
            return
        decided = waiting.pop()
        undecided: list[tuple[str, tuple[Any, ...]]] = []
        domains: dict[str, Domain] = {}

        def choose(
            name: str,
            branch: int,  # noqa: ARG001  (the signature of Space.walk)
            domain: Domain,
            decided: dict[str, Any] = decided,
            undecided: list[tuple[str, tuple[Any, ...]]] = undecided,
            domains: dict[str, Domain] = domains,
        ) -> Any:
            if name in decided:
                return decided[name]
            if name in space.condition_keys:
                undecided.append((name, domain.values() or domain.extremes()))
            else:
                domains[name] = domain
            return domain.extremes()[0]

        config = space.walk(choose)
        if undecided:
            name, values = undecided[0]
            waiting += [{**decided, name: value} for value in reversed(values)]
            continue
        yield config
        yield {**config, **{name: domain.extremes()[-1] for name, domain in domains.items()}}
        for name, domain in domains.items():
            for value in domain.extremes()[1:-1]:
                yield {**config, name: value}
