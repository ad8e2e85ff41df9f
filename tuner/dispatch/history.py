"""Folds a search's events into trial records: what the store keeps and the tables are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from results.records import ResultRecord, TrialRecord, TrialState

Event = dict[str, Any]


class History:
    """The trials of one search, as far as their events have been seen."""

    def __init__(self, search_id: str, events: Iterable[Event] = ()) -> None:
        self._search_id = search_id
        self._trials: dict[int, TrialRecord] = {}
        self._results: dict[int, list[ResultRecord]] = {}
        for event in events:
            self.add(event)

    @property
    def trials(self) -> list[TrialRecord]:
        """All trials by number, with their results."""
        return [self.trial(number) for number in sorted(self._trials)]

    def trial(self, number: int) -> TrialRecord:
        """One trial with its results so far."""
        return replace(self._trials[number], results=tuple(self._results[number]))

    def add(self, event: Event) -> TrialRecord | None:
        """Take in one event; the trial it belongs to, without its results, or None for an event of the search."""
        number, at_ms = event.get("trial"), event["clock"]["at_ms"]
        if number is None:
            return None
        match event["event"]:
            case "suggest" if number not in self._trials:
                self._trials[number] = TrialRecord(
                    trial_id=f"{self._search_id}/{number:04d}",
                    number=number,
                    config=event["config"],
                    seed=event["seed"],
                    state=TrialState.RUNNING,
                    started_at_ms=at_ms,
                )
                self._results[number] = []
            case "start" if not self._results[number]:
                self._trials[number] = replace(self._trials[number], started_at_ms=at_ms)
            case "result":
                timings = {key: value for key, value in event["clock"].items() if key != "at_ms"}
                metrics = {**event["metrics"], **timings}
                if event["step"] > self._last_step(number):  # an event may be added twice
                    self._results[number].append(ResultRecord(step=event["step"], at_ms=at_ms, metrics=metrics))
            case "exploit":
                self._trials[number] = replace(self._trials[number], config=event["config"])
            case "retry":
                config = {**self._trials[number].config, **event["less"]}
                self._trials[number] = replace(self._trials[number], config=config)
            case "end" if self._trials[number].ended_at_ms is None:  # the first one holds
                self._trials[number] = replace(
                    self._trials[number],
                    state=TrialState(event["state"]),
                    stopped_by=event["stopped_by"],
                    error=event["error"],
                    ended_at_ms=at_ms,
                )
        return self._trials[number]

    def _last_step(self, number: int) -> int:
        results = self._results[number]
        return results[-1].step if results else 0
