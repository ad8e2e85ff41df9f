"""What stops a trial or a whole search: its scheduler and its stoppers, fed with every result once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from results.records import TrialState
from tuner.dispatch.schedulers import build_decider
from tuner.dispatch.stoppers import Stopper, Verdict, build_stopper
from tuner.dispatch.suggestion import OpenTrial
from tuner.fingerprints import BUDGET_STOPPERS
from tuner.plan import Search


class Judge:
    """Judges one search's trials. Values are signed: higher is better.

    due: the stopper that ends the search, from the event that makes it do so until that end is logged (`ended`).
    ended_by: the one that has ended it, None while it goes on.
    """

    def __init__(self, search: Search) -> None:
        self.due: str | None = None
        self.ended_by: str | None = None
        self._search = search
        self._sign = 1.0 if search.mode == "max" else -1.0
        self._decider = build_decider(search)
        self._stoppers: list[Stopper] = [
            build_stopper(plugin, mode=search.mode, trials=search.trials) for plugin in search.stoppers
        ]

    def add(self, number: int) -> None:
        """A trial is suggested."""
        self._decider.add(number)

    def step_of(self, trial: OpenTrial, metrics: Mapping[str, Any]) -> int:
        """The step of a result that a trial has just reported."""
        # PBT hands a trial its donor's clock, so its own results are counted instead.
        return trial.step + 1 if self._search.scheduler.name == "pbt" else int(metrics[self._search.budget_key])

    def result(self, trial: OpenTrial, step: int, metrics: Mapping[str, Any]) -> str | None:
        """Note one result, unsigned, in its trial; the name of what stops the trial, or None."""
        value, time_used = float(metrics[self._search.metric]), metrics[self._search.budget_key]
        if not math.isfinite(value):
            trial.failure = (TrialState.DIVERGED, f"{self._search.metric} is {value} at step {step}")
            trial.step = step
            return "diverged"
        signed = self._sign * value
        trial.step, trial.value = step, signed
        if trial.best is None or signed > trial.best:
            trial.best, trial.best_step = signed, step
        stopped_by = "budget" if time_used >= self._search.budget_max else None
        for stopper in self._stoppers:
            verdict = stopper.on_result(trial.number, step, signed)
            if verdict is Verdict.STOP_SEARCH:
                self._note(stopper)
            if verdict is not Verdict.CONTINUE:
                stopped_by = stopped_by or stopper.name
        if stopped_by is None and self._decider.should_stop(trial.number, step, signed):
            stopped_by = self._search.scheduler.name
        trial.stopped_by = stopped_by
        return stopped_by

    def end(self, trial: OpenTrial, *, best: float | None, failed: bool) -> None:
        """A trial has ended. best: None if it has none that counts."""
        if trial.value is not None:
            self._decider.end(trial.number, trial.step, trial.value)
        for stopper in self._stoppers:
            if stopper.on_end(trial.number, best=best, failed=failed) is Verdict.STOP_SEARCH:
                self._note(stopper)

    def tick(self, elapsed_s: float) -> None:
        """Look at the clock. elapsed_s: seconds that the search has been at work."""
        for stopper in self._stoppers:
            if stopper.on_clock(elapsed_s) is Verdict.STOP_SEARCH:
                self._note(stopper)

    def ended(self, by: str | None) -> None:
        """The ledger says that a stopper has ended the search, or with None that it goes on."""
        self.ended_by, self.due = by, None

    def may_reopen(self, elapsed_s: float) -> bool:
        """Whether a budget has ended the search and, as the study is now, no budget is spent."""
        return self.ended_by in BUDGET_STOPPERS and not any(stopper.spent(elapsed_s) for stopper in self._stoppers)

    def _note(self, stopper: Stopper) -> None:
        if self.ended_by is None:
            self.due = self.due or stopper.name
