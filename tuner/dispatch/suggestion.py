"""A trial as the Director sees it: first a suggestion, then open until it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from results.records import TrialState


@dataclass(frozen=True)
class Suggestion:
    """A configuration to train, new or continued after an interruption.

    done: steps that are already in the ledger. best_step, best: the best of them and its value, None if there is none.
    """

    number: int
    config: Mapping[str, Any]
    seed: int
    done: int = 0
    best_step: int | None = None
    best: float | None = None


@dataclass
class OpenTrial:
    """A trial that has not ended. Values are signed: higher is better."""

    number: int
    config: Mapping[str, Any]
    step: int = 0
    value: float | None = None
    best: float | None = None
    best_step: int | None = None
    stopped_by: str | None = None
    failure: tuple[TrialState, str] | None = None
    losses: int = 0  # of its process, with the node that it ran on
    running: bool = field(default=False, compare=False)  # of this session, not of the ledger

    def suggestion(self, seed: int, *, sign: float) -> Suggestion:
        """The trial as it is given out, from where it stands."""
        best = None if self.best is None else sign * self.best
        return Suggestion(self.number, self.config, seed, done=self.step, best_step=self.best_step, best=best)

    def ending(self, metric: str, crash: tuple[TrialState, str] | None) -> dict[str, Any]:
        """How it ends, as the ledger tells it. crash: what broke its process, which its own account goes before."""
        failure = self.failure or crash
        if failure is None and self.stopped_by is None and self.best is None:
            failure = (TrialState.CRASHED, f"it ended without reporting {metric}")
        used_up = self.stopped_by in (None, "budget")
        state, error = failure or (TrialState.COMPLETE if used_up else TrialState.STOPPED, None)
        stopped_by = self.stopped_by if state is TrialState.STOPPED else None
        return {"state": state.value, "stopped_by": stopped_by, "error": error}
