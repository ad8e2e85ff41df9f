"""Grid search: every configuration once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.space import Space
from tuner.dispatch.searchers.base import Mode, Numbers
from tuner.options.searchers import Grid


class GridSearcher:
    """The configurations of `Space.grid` in its order, starting points moved to the front.

    Raises SpaceError if the space cannot be listed.
    """

    def __init__(
        self,
        space: Space,
        options: Grid,  # noqa: ARG002 - every searcher is built alike
        *,
        mode: Mode,  # noqa: ARG002
        seed: int,  # noqa: ARG002
        start_with: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        points = [dict(point) for point in start_with]
        self._configs = points + [config for config in space.grid() if config not in points]
        self._numbers = Numbers()

    def suggest(self, number: int) -> dict[str, Any] | None:
        """The configuration of this number, None past the last."""
        if number >= len(self._configs):
            return None
        self._numbers.suggested(number)
        return dict(self._configs[number])

    def observe(self, number: int, value: float | None) -> None:  # noqa: ARG002
        """Nothing is learned from a trial."""
        self._numbers.observed(number)
