"""Values as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from results.pivot.datum import Datum
from results.pivot.layout import value_text
from results.pivot.spec import TableSpec
from results.pivot.table import Cell


def cell_of(datum: Datum, spec: TableSpec, *, with_n: bool) -> Cell:
    """The datum as a cell; with_n: its number of runs in the text, where the notes cannot tell one for all."""
    value = datum.value
    return Cell(
        text="" if value.value is None else _text(datum, percent=spec.percent, with_n=with_n),
        quantity=datum.content.label,
        value=value.value,
        half_width=value.half_width,
        n=value.n,
        best=datum.best,
        tied=datum.tied,
        run_id=datum.outcome.run_id,
        search_key=datum.outcome.search.key,
        why=value.why,
        seeds=value.seeds,
    )


def runs_of(data: Sequence[Datum]) -> dict[str, tuple[int, int]]:
    """The fewest and the most runs behind the means of each quantity, by its label."""
    counts: dict[str, list[int]] = {}
    for datum in data:
        if datum.value.n:
            counts.setdefault(datum.content.label, []).append(datum.value.n)
    return {label: (min(given), max(given)) for label, given in counts.items()}


def number_text(value: float, half_width: float | None = None, *, percent: bool = False) -> str:
    """A metric with its interval: four decimals, two of a percentage, four digits where that would say too little."""
    if percent:
        numbers = [f"{100 * number:.2f}" for number in (value, half_width) if number is not None]
    else:
        plain = value == 0 or 1e-3 <= abs(value) < 1e3
        numbers = [
            f"{number:.4f}" if plain else f"{number:.4g}" for number in (value, half_width) if number is not None
        ]
    return " ± ".join(numbers)


def _text(datum: Datum, *, percent: bool, with_n: bool) -> str:
    value, kind = datum.value, datum.content.kind
    if kind == "config":
        return _setting(value.value)
    if kind not in ("metric", "optimism"):
        return str(value.value)
    if kind == "optimism":
        return f"{100 * value.value:.2f}" if percent else f"{value.value:.4f}"
    text = number_text(value.value, value.half_width, percent=percent)
    return f"{text} (n={value.n})" if with_n and value.n else text


def _setting(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else value_text(value)
