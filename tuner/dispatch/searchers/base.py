"""What a searcher is, the catalogue of searchers, and what all of them share."""

from __future__ import annotations

import hashlib
import importlib
import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, cast

from search_spaces.space import Space
from tuner.options.searchers import SEARCHERS as OPTIONS
from tuner.plan import Plugin

Mode = Literal["min", "max"]

SEARCHERS: dict[str, str] = {
    "grid": "tuner.dispatch.searchers.grid:GridSearcher",
    "hyperopt": "tuner.dispatch.searchers.hyperopt:HyperOptSearcher",
    "optuna": "tuner.dispatch.searchers.optuna:OptunaSearcher",
    "random": "tuner.dispatch.searchers.random:RandomSearcher",
}


class SearcherProtocol(Protocol):
    """Suggests configurations by trial number and learns from how the trials ended.

    Deterministic: the same seed and the same order of calls give the same suggestions in any process. A killed search
    is resumed by replaying its calls.
    """

    def suggest(self, number: int) -> dict[str, Any] | None:
        """The configuration of trial `number`: every active parameter, typed, constants included; None if exhausted.

        Raises ValueError if the number has been suggested before.
        """

    def observe(self, number: int, value: float | None) -> None:
        """Trial `number` ended with this best value of the metric; None, or a value that is not finite, if it failed.

        Raises ValueError if the number has not been suggested or was observed before.
        """


def build_searcher(
    plugin: Plugin, space: Space, *, mode: Mode, seed: int, start_with: Sequence[Mapping[str, Any]] = ()
) -> SearcherProtocol:
    """The searcher that a plan names, over a projected space.

    start_with: points that are tried first, projected on the space (see `Space.complete`). A name of the form
    `package.module:attr` is called as `attr(space, options, mode=…, seed=…, start_with=…)`, options a mapping.
    Raises SpaceError if the space has conditions on unknown names, a point lies outside it, or the searcher cannot
    search it; ValueError if there is no such searcher.
    """
    space.require_projected()
    target = SEARCHERS.get(plugin.name, plugin.name)
    module, colon, attribute = target.partition(":")
    if not colon:
        raise ValueError(f"{plugin.name!r} is no searcher (choices: {', '.join(SEARCHERS)}, or package.module:attr)")
    model = OPTIONS.get(plugin.name)
    options = dict(plugin.options) if model is None else model.model_validate(dict(plugin.options))
    build = getattr(importlib.import_module(module), attribute)
    points = starting_points(space, start_with, seed)
    return cast("SearcherProtocol", build(space, options, mode=mode, seed=seed, start_with=points))


def starting_points(space: Space, start_with: Sequence[Mapping[str, Any]], seed: int) -> list[dict[str, Any]]:
    """The points projected on the space, missing values drawn by the seed; equal ones once.

    Two points that differ only in keys that are inactive in this cell become equal there.
    """
    points: list[dict[str, Any]] = []
    for position, point in enumerate(start_with):
        completed = space.complete(point, random.Random(f"{seed}:start_with:{position}"))  # noqa: S311  (a draw, not a secret)
        if completed not in points:
            points.append(completed)
    return points


def number_seed(seed: int, number: int) -> int:
    """A seed of 32 bits for one suggestion, so that it depends on the number and not on how many were drawn before."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4], "big")


def label(name: str, branch: int) -> str:
    """A branch's name inside a library that wants one name for one distribution."""
    return f"{name}@{branch}"


class Numbers:
    """Which trial numbers a searcher has suggested and seen the end of."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._ended: set[int] = set()

    def suggested(self, number: int) -> None:
        """Note a suggestion. Raises ValueError at its second time."""
        if number in self._open or number in self._ended:
            raise ValueError(f"a trial is suggested once, but got number {number} again")
        self._open.add(number)

    def observed(self, number: int) -> None:
        """Note an end. Raises ValueError if the trial is not open."""
        if number not in self._open:
            why = "again" if number in self._ended else "before its suggestion"
            raise ValueError(f"a trial is observed once, after its suggestion, but got number {number} {why}")
        self._open.remove(number)
        self._ended.add(number)
