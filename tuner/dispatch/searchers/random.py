"""Random search: independent draws."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.space import Space
from tuner.dispatch.searchers.base import Mode, Numbers
from tuner.options.searchers import Random


class RandomSearcher:
    """Draws trial n from the space by a generator of its own, so that it depends on the seed and on n alone."""

    def __init__(
        self,
        space: Space,
        options: Random,  # noqa: ARG002 - every searcher is built alike
        *,
        mode: Mode,  # noqa: ARG002
        seed: int,
        start_with: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._space = space
        self._seed = seed
        self._points = start_with
        self._numbers = Numbers()

    def suggest(self, number: int) -> dict[str, Any]:
        """The starting point of this number, else a draw; never exhausted."""
        self._numbers.suggested(number)
        if number < len(self._points):
            return dict(self._points[number])
        return self._space.sample(random.Random(f"{self._seed}:{number}"))  # noqa: S311  (a draw, not a secret)

    def observe(self, number: int, value: float | None) -> None:  # noqa: ARG002
        """Nothing is learned from a trial."""
        self._numbers.observed(number)
