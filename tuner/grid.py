"""What a study compares: the factors of its grid and the cells that they make."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.values import same
from tuner.errors import Problem
from tuner.names import named_mapping
from tuner.options.problems import Problems

MAX_CELLS = 1000  # each is a search of its own, and each is checked
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Grid(Mapping[str, tuple[Scalar, ...]]):
    """Factors by name, each with its different values in the order of their first appearance.

    listed: the cells one by one where the study lists them; None where it compares every combination.
    """

    factors: Mapping[str, tuple[Scalar, ...]]
    listed: tuple[Mapping[str, Scalar], ...] | None = None

    def __getitem__(self, factor: str) -> tuple[Scalar, ...]:
        return self.factors[factor]

    def __iter__(self) -> Iterator[str]:
        return iter(self.factors)

    def __len__(self) -> int:
        return len(self.factors)

    def cells(self) -> list[dict[str, Scalar]]:
        """Every cell; of a product the last factor varies fastest; one empty cell without factors."""
        if self.listed is not None:
            return [dict(cell) for cell in self.listed]
        return [dict(zip(self, values, strict=True)) for values in itertools.product(*self.factors.values())]

    def place(self, factor: str, cell: Mapping[str, Scalar]) -> tuple[str | int, ...]:
        """Where a cell's value stands in the study file, from the grid on."""
        if self.listed is not None:
            return (next(i for i, other in enumerate(self.listed) if other == cell), factor)
        return (factor, next(i for i, value in enumerate(self[factor]) if same(value, cell[factor])))

    def plain(self) -> Any:
        """As a study file writes it."""
        if self.listed is not None:
            return [dict(cell) for cell in self.listed]
        return {factor: list(values) for factor, values in self.factors.items()}


def read_grid(value: Any) -> Grid:
    """A mapping of factors to lists, or a list of cells that all name the same factors. Raises Problems."""
    if isinstance(value, Grid):
        return value
    return _listed(value) if isinstance(value, list | tuple) else _product(value)


def _product(value: Any) -> Grid:
    problems = []
    for factor, values in named_mapping(value).items():
        if not isinstance(values, list | tuple):
            problems.append(Problem((factor,), "must be a list of the values to compare", values))
            continue
        seen: set[tuple[type, Scalar]] = set()
        if not values:
            problems.append(Problem((factor,), "must hold at least one value", values))
        for index, entry in enumerate(values):
            if not isinstance(entry, Scalar):
                problems.append(Problem((factor, index), "must be text, a number, true, false or null", entry))
            elif (type(entry), entry) in seen:
                problems.append(Problem((factor, index), "stands twice in this factor", entry))
            else:
                seen.add((type(entry), entry))
    n_cells = math.prod(len(values) for values in value.values() if isinstance(values, list | tuple))
    if n_cells > MAX_CELLS:
        problems.append(Problem((), f"must have at most {MAX_CELLS:,} cells", n_cells))
    if problems:
        raise Problems(problems)
    return Grid({factor: tuple(values) for factor, values in value.items()})


def _listed(value: list[Any] | tuple[Any, ...]) -> Grid:
    if not value:
        raise Problems([Problem((), "must hold at least one cell", value)])
    if len(value) > MAX_CELLS:
        raise Problems([Problem((), f"must have at most {MAX_CELLS:,} cells", len(value))])
    problems = []
    seen = set()
    for index, cell in enumerate(value):
        if not isinstance(cell, dict) or not cell:
            problems.append(Problem((index,), "must be a cell: a mapping of each factor to its value", cell))
            continue
        problems += [Problem((index, *p.path), p.rule, p.given) for p in _problems_of_cell(cell)]
        if isinstance(value[0], dict) and cell.keys() != value[0].keys():
            rule = f"must name the factors of the first cell, {', '.join(map(str, value[0]))}"
            problems.append(Problem((index,), rule, ", ".join(map(str, cell))))
        if not problems:
            values = frozenset((factor, isinstance(entry, bool), entry) for factor, entry in cell.items())
            if values in seen:
                problems.append(Problem((index,), "stands twice in the grid", cell))
            seen.add(values)
    if problems:
        raise Problems(problems)
    factors = {
        # A dict keeps the order; True and 1 are equal keys, but not the same value.
        factor: tuple(
            entry for _, entry in dict.fromkeys((isinstance(cell[factor], bool), cell[factor]) for cell in value)
        )
        for factor in value[0]
    }
    return Grid(factors, tuple(dict(cell) for cell in value))


def _problems_of_cell(cell: dict[Any, Any]) -> Iterator[Problem]:
    try:
        named_mapping(cell)
    except Problems as error:
        yield from error.problems
    for factor, entry in cell.items():
        if not isinstance(entry, Scalar):
            yield Problem((factor,), "must be text, a number, true, false or null", entry)
