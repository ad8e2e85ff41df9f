"""A trial as the Director sees it: first a suggestion, then open until it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from results.records import TrialState
from tuner.plan import Search


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
    retries: int = 0  # in less memory
    running: bool = field(default=False, compare=False)  # of this session, not of the ledger

    def suggestion(self, seed: int, *, sign: float) -> Suggestion:
        """The trial as it is given out, from where it stands."""
        best = None if self.best is None else sign * self.best
        return Suggestion(self.number, self.config, seed, done=self.step, best_step=self.best_step, best=best)

    def go_on_with(self, less: Mapping[str, Any]) -> None:
        """Wait to be taken up again from the last checkpoint, with values that need less memory."""
        self.config, self.retries = {**self.config, **less}, self.retries + 1
        self.failure, self.running = None, False

    def ending(self, metric: str, crash: tuple[TrialState, str] | None) -> dict[str, Any]:
        """How it ends, as the ledger tells it. crash: what broke its process, which its own account goes before."""
        failure = self.failure or crash
        if failure is None and self.stopped_by is None and self.best is None:
            failure = (TrialState.CRASHED, f"it ended without reporting {metric}")
        used_up = self.stopped_by in (None, "budget")
        state, error = failure or (TrialState.COMPLETE if used_up else TrialState.STOPPED, None)
        stopped_by = self.stopped_by if state is TrialState.STOPPED else None
        return {"state": state.value, "stopped_by": stopped_by, "error": error}


def less_memory(search: Search, trial: OpenTrial) -> dict[str, int] | None:
    """The value that a trial out of memory goes on with; None if the study names none, or not for another time."""
    policy = search.out_of_memory
    if policy is None or trial.retries == policy.times:
        return None
    value = {**search.fixed, **search.cell, **trial.config}.get(policy.halve)
    return {policy.halve: value // 2} if isinstance(value, int) and value > 1 else None
