"""What tells the searches of a study apart, in words that fit a figure, and how many fit one panel. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from results.records import SearchRecord

SPLITS = {"train": "training", "val": "validation", "test": "test"}  # images, in words
MOST_IN_PANEL = 8  # lines that can still be told apart
MOST_PANELS = 16
_LONG = 45  # characters
_ONLY = "the only search"


class Panel(NamedTuple):
    """title: what its searches have in common, empty if nothing is. members: (position, what sets it apart)."""

    title: str
    members: tuple[tuple[int, str], ...]


def panels(cells: Sequence[Mapping[str, Any]]) -> tuple[Panel, ...]:
    """Split searches by their first factors until no panel has more than eight; positions are those in `cells`.

    Raises NotDrawnError if that takes more than sixteen panels, or the last factor alone has too many values.
    """
    factors, bare = differing(cells), speaking(cells)
    for n_outer in range(max(len(factors), 1)):
        outer, inner = factors[:n_outer], factors[n_outer:]
        texts = labels(cells) if n_outer == 0 else [text_of(cell, inner, bare) for cell in cells]
        groups: dict[str, list[tuple[int, str]]] = {}
        for position, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            groups.setdefault(text_of(cell, outer, bare), []).append((position, text))
        if len(groups) <= MOST_PANELS and all(len(members) <= MOST_IN_PANEL for members in groups.values()):
            return tuple(Panel(title, tuple(members)) for title, members in groups.items())
    raise NotDrawnError(
        f"{len(cells)} searches are too many for {MOST_PANELS} panels of {MOST_IN_PANEL} by the factors of the grid"
    )


def labels(cells: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What sets each search apart from the others: the values of the factors that differ.

    Where that is long, values that more than half of the searches have are left out, as far as the rest still tells
    all of them apart; the one search that has them all is "as most".
    """
    factors, bare = differing(cells), speaking(cells)
    full = tuple(text_of(cell, factors, bare) or _ONLY for cell in cells)
    if max(map(len, full), default=0) <= _LONG:
        return full
    usual = {name: Counter(repr(cell.get(name)) for cell in cells).most_common(1)[0] for name in factors}
    short = []
    for cell in cells:
        kept = [n for n in factors if usual[n][1] * 2 <= len(cells) or repr(cell.get(n)) != usual[n][0]]
        short.append(text_of(cell, kept, bare) or "as most")
    return tuple(short) if len(set(short)) == len(set(full)) else full


def differing(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Factors that do not have one and the same value everywhere, in the order of the grid."""
    names = dict.fromkeys(name for cell in cells for name in cell)
    return [name for name in names if len({repr(cell.get(name)) for cell in cells}) > 1]


def step_name(search: SearchRecord) -> str:
    """What a step of the budget is; of how many passes over the training images, where an epoch has several."""
    passes = search.params.get("passes_per_epoch", 1)
    return search.step_key if passes == 1 else f"{search.step_key} (of {passes} passes over the training images)"


def text_of(cell: Mapping[str, Any], factors: Sequence[str], bare: Collection[str]) -> str:
    """Values as a study writes them; those of factors that are not `bare` with the factor's name."""
    parts = []
    for name in factors:
        value = cell.get(name)
        text = value if isinstance(value, str) else json.dumps(value)
        parts.append(text if name in bare else f"{name}={text}")
    return ", ".join(parts)


def speaking(cells: Sequence[Mapping[str, Any]]) -> set[str]:
    """Factors with texts alone, which speak for themselves; a number, truth value or null needs its factor's name."""
    return {name for cell in cells for name in cell if all(isinstance(cell.get(name), str) for cell in cells)}
