"""Stoppers of our own: each sees every result of one search and answers with a verdict. Pure bookkeeping.

Values arrive signed so that higher is better; a stopper never needs the study's mode.
"""

from __future__ import annotations

import statistics
from collections import defaultdict, deque
from enum import Enum
from typing import Any, Protocol

from typing_extensions import override

from tuner.plan import Plugin


class Verdict(Enum):
    """What a stopper wants after an event."""

    CONTINUE = "continue"
    STOP_TRIAL = "stop_trial"
    STOP_SEARCH = "stop_search"


class Stopper(Protocol):
    """Sees results, endings and the clock of one search."""

    name: str

    def on_result(self, number: int, step: int, value: float) -> Verdict:
        """Trial `number` reported `value` (higher is better) at `step`."""
        ...

    def on_end(self, number: int, *, best: float | None, failed: bool) -> Verdict:
        """Trial `number` ended; `best` is its best value, None if it never reported one."""
        ...

    def on_clock(self, elapsed_s: float) -> Verdict:
        """The search has been running for `elapsed_s`, interruptions not counted."""
        ...

    def spent(self, elapsed_s: float) -> bool:
        """Whether this is a budget, and what happened so far has used it up."""
        ...


class _Silent(Stopper):
    """Answers CONTINUE to everything; a stopper overrides the events it cares about."""

    @override
    def on_result(self, number: int, step: int, value: float) -> Verdict:
        return Verdict.CONTINUE

    @override
    def on_end(self, number: int, *, best: float | None, failed: bool) -> Verdict:
        return Verdict.CONTINUE

    @override
    def on_clock(self, elapsed_s: float) -> Verdict:
        return Verdict.CONTINUE

    @override
    def spent(self, elapsed_s: float) -> bool:
        return False


class TrialPlateau(_Silent):
    """Stops a trial whose best value has not grown by more than `min_delta` for `patience` results.

    relative: min_delta is a share of the best value's magnitude instead of an absolute amount.
    """

    name = "trial_plateau"

    def __init__(self, *, patience: int, min_delta: float, relative: bool) -> None:
        self._patience, self._min_delta, self._relative = patience, min_delta, relative
        self._best: dict[int, float] = {}
        self._waited: dict[int, int] = {}

    @override
    def on_result(self, number: int, step: int, value: float) -> Verdict:
        best = self._best.get(number)
        needed = self._min_delta * (abs(best) if self._relative and best is not None else 1.0)
        if best is None or value > best + needed:
            self._best[number], self._waited[number] = value, 0
            return Verdict.CONTINUE
        self._waited[number] += 1
        return Verdict.STOP_TRIAL if self._waited[number] >= self._patience else Verdict.CONTINUE


class TrialPlateauStd(_Silent):
    """Stops a trial when its last `num_results` values spread by at most `std`, as Ray's TrialPlateauStopper does.

    std: population standard deviation, in the metric's unit. No trial is stopped before `grace_period` results.
    """

    name = "trial_plateau_std"

    def __init__(self, *, std: float, num_results: int, grace_period: int) -> None:
        self._std, self._grace_period = std, grace_period
        self._seen: dict[int, int] = defaultdict(int)
        self._window: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=num_results))
        self._num_results = num_results

    @override
    def on_result(self, number: int, step: int, value: float) -> Verdict:
        window = self._window[number]
        window.append(value)
        self._seen[number] += 1
        if self._seen[number] < self._grace_period or len(window) < self._num_results:
            return Verdict.CONTINUE
        return Verdict.STOP_TRIAL if statistics.pstdev(window) <= self._std else Verdict.CONTINUE


class SearchPlateau(_Silent):
    """Ends the search when `patience` trials in a row have not raised the best-so-far by more than `min_delta`."""

    name = "search_plateau"

    def __init__(self, *, patience: int, min_delta: float) -> None:
        self._patience, self._min_delta = patience, min_delta
        self._best: float | None = None
        self._waited = 0

    @override
    def on_end(self, number: int, *, best: float | None, failed: bool) -> Verdict:
        if best is not None and (self._best is None or best > self._best + self._min_delta):
            self._best, self._waited = best, 0
            return Verdict.CONTINUE
        self._waited += 1
        return Verdict.STOP_SEARCH if self._waited >= self._patience else Verdict.CONTINUE


class Target(_Silent):
    """Ends the search once a trial reaches `value` (already signed: higher is better)."""

    name = "target"

    def __init__(self, *, value: float) -> None:
        self._value = value

    @override
    def on_result(self, number: int, step: int, value: float) -> Verdict:
        return Verdict.STOP_SEARCH if value >= self._value else Verdict.CONTINUE


class TimeBudget(_Silent):
    """Ends the search after `seconds` of its own running time."""

    name = "time_budget"

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds

    @override
    def on_clock(self, elapsed_s: float) -> Verdict:
        return Verdict.STOP_SEARCH if self.spent(elapsed_s) else Verdict.CONTINUE

    @override
    def spent(self, elapsed_s: float) -> bool:
        return elapsed_s >= self._seconds


class FailureBudget(_Silent):
    """Ends the search once more than `allowed` of its trials have failed."""

    name = "failure_budget"

    def __init__(self, *, allowed: int) -> None:
        self._allowed = allowed
        self._failed = 0

    @override
    def on_end(self, number: int, *, best: float | None, failed: bool) -> Verdict:
        self._failed += failed
        return Verdict.STOP_SEARCH if self.spent(0.0) else Verdict.CONTINUE

    @override
    def spent(self, elapsed_s: float) -> bool:
        return self._failed > self._allowed


def build_stopper(plugin: Plugin, *, mode: str, trials: int) -> Stopper:
    """The stopper of a study file's entry; options were checked when the study was loaded."""
    options: dict[str, Any] = dict(plugin.options)
    if plugin.name == "target":
        return Target(value=options["value"] if mode == "max" else -options["value"])
    if plugin.name == "failure_budget":
        share = options["max"]
        return FailureBudget(allowed=int(share * trials) if isinstance(share, float) else share)
    stopper: Stopper = STOPPERS[plugin.name](**options)
    return stopper


STOPPERS: dict[str, Any] = {
    stopper.name: stopper
    for stopper in (TrialPlateau, TrialPlateauStd, SearchPlateau, Target, TimeBudget, FailureBudget)
}
