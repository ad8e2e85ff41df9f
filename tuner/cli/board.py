"""What a person sees of a running study, as data: counts, the best so far, the time left. No drawing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from results.records import Mode, TrialRecord, TrialState
from tuner.plan import Plan

_NAMED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning): ")


@dataclass
class SearchRow:
    """One search on the board. best: value, trial number and step of its best result."""

    key: str
    trials: int
    metric: str
    mode: Mode
    open: dict[int, int] = field(default_factory=dict)  # trial -> its last step
    ended: dict[str, int] = field(default_factory=dict)  # state -> trials
    best: tuple[float, int, int] | None = None
    over: bool = False

    @property
    def done(self) -> int:
        """Trials that have ended."""
        return sum(self.ended.values())

    def is_better(self, value: float) -> bool:
        """Whether a value beats the best so far."""
        return self.best is None or (value > self.best[0] if self.mode == "max" else value < self.best[0])


class Board:
    """Follows a run's events; called from several threads."""

    def __init__(self, plan: Plan, now: Any = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._now, self._began_s = now, now()
        self.rows = {
            search.key: SearchRow(search.key, search.trials, search.metric, search.mode) for search in plan.searches
        }
        self._fresh_ends = 0

    def event(self, key: str, event: Mapping[str, Any]) -> str | None:
        """Take in an event of a search; a line that says what happened, if a person would want to read it."""
        with self._lock:
            row = self.rows[key]
            match event["event"]:
                case "suggest":
                    row.open[event["trial"]] = 0
                case "result":
                    self._result(row, event)
                case "end":
                    return self._end(row, event)
                case "retry":
                    less = ", ".join(f"{name} {value}" for name, value in event["less"].items())
                    return f"{key}: trial {event['trial']:04d} ran out of memory and goes on with {less}"
                case "final":
                    return _final(row, event)
                case "search_end":
                    return f"{key}: the search ends early, by {event['by']}"
                case "reopen":
                    return f"{key}: {event['ended_by']} ended the search, the study now allows more: it goes on"
        return None

    def resumed(self, key: str, trials: Iterable[TrialRecord], *, over: bool) -> None:
        """Count the trials that an earlier run left behind. over: their search was done then."""
        with self._lock:
            row = self.rows[key]
            row.over = over
            for trial in trials:
                if trial.ended_at_ms is not None:
                    row.ended[str(trial.state)] = row.ended.get(str(trial.state), 0) + 1
                best = trial.best(row.metric, row.mode)
                if best is not None and not trial.state.failed and row.is_better(best.metrics[row.metric]):
                    row.best = (best.metrics[row.metric], trial.number, best.step)

    def search_over(self, key: str) -> None:
        """A search is done and recorded."""
        with self._lock:
            self.rows[key].over = True
            self.rows[key].open.clear()

    def count(self, *states: TrialState) -> int:
        """Trials of all searches that ended in one of these states."""
        return sum(row.ended.get(str(state), 0) for row in self.rows.values() for state in states)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return float(self._now() - self._began_s)

    @property
    def left_s(self) -> float | None:
        """A guess at the seconds left: the trials to come at the pace of this run; None before there is a pace."""
        if self._fresh_ends == 0:
            return None
        to_come = sum(row.trials - row.done for row in self.rows.values() if not row.over)
        return self.elapsed_s / self._fresh_ends * to_come

    def _result(self, row: SearchRow, event: Mapping[str, Any]) -> None:
        row.open[event["trial"]] = event["step"]
        value = event["metrics"][row.metric]
        if value == value and row.is_better(value):
            row.best = (value, event["trial"], event["step"])

    def _end(self, row: SearchRow, event: Mapping[str, Any]) -> str:
        step = row.open.pop(event["trial"], 0)
        row.ended[event["state"]] = row.ended.get(event["state"], 0) + 1
        self._fresh_ends += 1
        how = f"stopped by {event['stopped_by']}" if event["stopped_by"] else event["state"].replace("_", " ")
        why = f": {cause(event['error'])}" if event["error"] else ""
        best = f"; best {row.metric} {row.best[0]:.4f} (trial {row.best[1]:04d})" if row.best else ""
        return f"{row.key}: {row.done}/{row.trials} trial {event['trial']:04d} {how} at step {step}{why}{best}"


def cause(error: str) -> str:
    """The line of an error's text that names it: Ray puts the trial's traceback in the middle of its own words."""
    lines = [line.strip() for line in error.strip().splitlines()] or [""]
    return next((line for line in reversed(lines) if _NAMED.match(line)), lines[-1])


def _final(row: SearchRow, event: Mapping[str, Any]) -> str:
    metric = row.metric.replace("val/", "test/", 1)
    value = event["metrics"].get(metric)
    told = f", {metric} {value:.4f}" if isinstance(value, float) else ""
    return f"{row.key}: final run {event['number']:02d} {event['state'].replace('_', ' ')}{told}"
