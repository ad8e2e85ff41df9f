"""Where each value of a table goes: keys of rows and columns, their order, the header rows. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from results.pivot.spec import CELL, TableSpec
from results.pivot.table import Header
from results.records import SearchOutcome

Coordinates = Mapping[str, Any]
Key = tuple[Any, ...]


def value_text(value: Any) -> str:
    """A factor's value as a person reads it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def exact(value: Any) -> Any:
    """A value as a key: true and 1 are different values, 1 and 1.0 the same."""
    return (isinstance(value, bool), value)


class Axes:
    """The order of every factor's values: as the spec picks them, else numbers by size, others as the searches come.

    metrics: of each search. Values of factors that metrics' names make are in the order of the choices that a content
    lists, else of the alphabet.
    """

    def __init__(self, outcomes: Sequence[SearchOutcome], spec: TableSpec, metrics: Sequence[Iterable[str]]) -> None:
        contents = spec.contents()
        self._order: dict[str, list[Any]] = {CELL: [content.label for content in contents]}
        for outcome in outcomes:
            for factor, value in outcome.search.cell.items():
                self._add(factor, [value])
        for values in self._order.values():
            if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
                values.sort()
        for factor, wanted in spec.only.items():
            self._order[factor] = [*wanted]
        for content in contents:
            for factor, choices in zip(content.factors, content.choices, strict=True):
                self._add(factor, choices)
        for content in contents:
            found = [names for known in metrics for names, _ in content.bindings(known)]
            for index, factor in enumerate(content.factors):
                self._add(factor, sorted({names[index] for names in found}))
        self._first = contents[0] if contents else None

    def _add(self, factor: str, values: Iterable[Any]) -> None:
        known = self._order.setdefault(factor, [])
        for value in values:
            if exact(value) not in map(exact, known):
                known.append(value)

    def key(self, factors: Sequence[str], coordinates: Coordinates) -> Key:
        """The place of something along these factors."""
        return tuple(exact(coordinates.get(factor)) for factor in factors)

    def sorted(self, factors: Sequence[str], keys: Iterable[Key]) -> list[Key]:
        """Different keys in order, the last factor fastest."""
        return sorted(
            dict.fromkeys(keys), key=lambda key: [self._place(*part) for part in zip(factors, key, strict=True)]
        )

    def _place(self, factor: str, value: Any) -> float:
        for index, known in enumerate(self._order.get(factor, ())):
            if exact(known) == value:
                return index
        # What has no value of this factor comes before or after all that have one, as the contents do.
        return -1 if self._first is not None and factor not in self._first.factors else math.inf


def labels(key: Key, factors: Sequence[str], made: Sequence[str]) -> tuple[str, ...]:
    """A key's values as texts; made: factors of metrics' names, which a value may have none of."""
    return tuple(
        "" if value is None and factor in made else value_text(value)
        for factor, (_, value) in zip(factors, key, strict=True)
    )


def header_rows(columns: Sequence[tuple[str, ...]]) -> tuple[tuple[Header, ...], ...]:
    """The columns' paths as header rows; neighbours that agree so far share a header."""
    depth = len(columns[0]) if columns else 0
    rows = []
    for level in range(depth):
        last = level == depth - 1
        keys = [(column[: level + 1], index if last else None) for index, column in enumerate(columns)]
        groups = [(key[0][-1], len(list(group))) for key, group in groupby(keys)]
        rows.append(tuple(Header(text, span) for text, span in groups))
    return tuple(rows)
