"""The one object that owns what a search must remember: searcher, scheduler, stoppers, random generators.

It suggests configurations, judges results and closes trials; every step goes into the ledger first. A Director built
over an existing ledger replays it and stands exactly where the killed one stood. What Ray Tune is given only forwards
to it, so it also runs without a cluster.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from results.records import TrialState
from tuner.dispatch.clock import SearchClock
from tuner.dispatch.judge import Judge
from tuner.dispatch.ledger import Ledger, LedgerError
from tuner.dispatch.observers import Observers
from tuner.dispatch.searchers.base import build_searcher
from tuner.dispatch.suggestion import OpenTrial, Suggestion, less_memory
from tuner.dispatch.troubles import ERROR, HALT, STATE, SearchError, not_reported, other_suggestion
from tuner.options.schedulers import PAUSING
from tuner.plan import Search, trial_seed

Event = dict[str, Any]
MOST_LOSSES = 3  # of one trial: it may be what takes the nodes down


class Director:
    """Directs one search; see the module's page. Not thread-safe: Tune's loop is its only caller, bar `interrupt`."""

    def __init__(
        self,
        search: Search,
        ledger: Ledger,
        *,
        observers: Sequence[Callable[[Event], None]] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.search = search
        self.error: SearchError | None = None
        self.interrupted = False
        self.halted = False
        self._ledger, self._observers, self._clock = ledger, Observers(observers), SearchClock(now)
        self._sign = 1.0 if search.mode == "max" else -1.0
        self._searcher = build_searcher(
            search.searcher, search.space, mode=search.mode, seed=search.seed, start_with=search.start_with
        )
        self._judge = Judge(search)
        self._tune_schedules = search.scheduler.name in PAUSING  # from all trials at once
        self._open: dict[int, OpenTrial] = {}
        self._next = 0
        self._exhausted = False
        for event in ledger:
            self._replay(event)
        self._log("session", {})
        self._end_if_due()
        for trial in [trial for trial in self._open.values() if trial.stopped_by is not None]:
            self.end(trial.number)  # judged before the kill, closed now
        self._reopen_if_budgets_grew()

    # What Tune asks

    @property
    def ended_by(self) -> str | None:
        """The stopper that ended the search before its last trial."""
        return self._judge.ended_by

    @property
    def over(self) -> bool:
        """Whether running trials should be cut: the search ended early, failed or was interrupted."""
        return self.ended_by is not None or self.error is not None or self.interrupted

    @property
    def finished(self) -> bool:
        """Whether no further trial will be suggested."""
        return self.over or (self._used_up and self.waiting == 0)

    @property
    def waiting(self) -> int:
        """Trials that an interruption or a lost node left open and nobody has taken up again."""
        return sum(not trial.running for trial in self._open.values())

    @property
    def _used_up(self) -> bool:
        return self._exhausted or self._next >= self.search.trials

    def suggest(self) -> Suggestion | None:
        """The next trial: one that an interruption left open, else a new one; None if none may start now."""
        if self.finished:
            return None
        if not self._tune_schedules and len(self._open) - self.waiting >= self.search.max_concurrent:
            return None
        for trial in self._open.values():
            if not trial.running:
                return self._given_out(trial)
        if self._used_up:
            return None
        config = self._searcher.suggest(self._next)
        if config is None:
            self._exhausted = True
            self._log("exhausted", {})
            return None
        event = self._log("suggest", {"trial": self._next, "config": dict(config), "seed": self._seed(self._next)})
        self._apply_suggestion(event)
        return self._given_out(self._open[event["trial"]])

    def _given_out(self, trial: OpenTrial) -> Suggestion:
        trial.running = True
        return trial.suggestion(self._seed(trial.number), sign=self._sign)

    def started(self, number: int) -> None:
        """The trial has a process and trains."""
        if not self.halted:
            self._log("start", {"trial": number})

    def result(self, number: int, metrics: Mapping[str, Any]) -> bool:
        """Judge one result (flat metrics, finite or not); True if the trial must stop now."""
        if HALT in metrics:
            self.halt(str(metrics[HALT]))
        if self.halted:
            return True
        trial = self._open[number]
        if STATE in metrics:
            trial.failure = (TrialState(metrics[STATE]), str(metrics.get(ERROR, "")))
            return True
        if (error := not_reported(self.search, number, metrics)) is not None:
            self.error = error
            return True
        step = self._judge.step_of(trial, metrics)
        if step <= trial.step:
            return trial.stopped_by is not None  # run again after an interruption: judged before
        stopped_by = self._judge.result(trial, step, metrics)
        timings = {key: value for key, value in metrics.items() if key.startswith("time/")}
        kept = {key: value for key, value in metrics.items() if key not in timings}
        fields = {"trial": number, "step": step, "metrics": kept, "stopped_by": stopped_by}
        self._log("result", fields, timings)
        self._end_if_due()
        return stopped_by is not None

    def end(self, number: int, *, crash: tuple[TrialState, str] | None = None) -> None:
        """Close a trial that is over or failed (`crash`); out of memory it goes on in less, if the study says how."""
        trial = self._open.get(number)
        if trial is None or self.halted:
            return
        if trial.stopped_by is None and self._tune_schedules:
            trial.stopped_by = self.search.scheduler.name
        ending = trial.ending(self.search.metric, crash)
        less = less_memory(self.search, trial) if ending["state"] == TrialState.OUT_OF_MEMORY else None
        if less is not None and self.ended_by is None:
            self._log("retry", {"trial": number, "less": less, "why": ending["error"]})
            trial.go_on_with(less)
        else:
            self._apply_end(self._log("end", {"trial": number, **ending}))
            self._end_if_due()

    def fail(self, number: int, state: TrialState, why: str) -> None:
        """Say why a trial is about to be ended from outside: its end then tells that."""
        if (trial := self._open.get(number)) is not None:
            trial.failure = (state, why)

    def lost(self, number: int, why: str) -> None:
        """A trial's process went with its node: it goes on elsewhere from its checkpoint, `MOST_LOSSES` times at most.

        Where Tune keeps the search's state (HyperBand, PBT) it cannot, and has crashed.
        """
        trial = self._open.get(number)
        if trial is None or self.halted:
            return
        if trial.stopped_by is not None or trial.failure is not None:  # it was over
            self.end(number)
        elif trial.losses == MOST_LOSSES or self._tune_schedules:
            self.end(number, crash=(TrialState.CRASHED, why))
        else:
            self._log("lost", {"trial": number, "why": why})
            trial.losses, trial.running = trial.losses + 1, False

    def exploit(self, number: int, *, source: int, config: Mapping[str, Any]) -> None:
        """PBT copied trial `source` into `number` and changed its configuration."""
        if self.halted:
            return
        trial = self._open[number]
        trial.config = dict(config)
        self._log("exploit", {"trial": number, "source": source, "step": trial.step, "config": dict(config)})

    def tick(self) -> None:
        """Look at the clock; may end the search."""
        with self._halting():
            self._ledger.flush_now_and_then()
        self._judge.tick(self._clock.elapsed_s)
        self._end_if_due()

    def interrupt(self) -> None:
        """Ask the search to stop; open trials stay open in the ledger. Safe from any thread or signal handler."""
        self.interrupted = True

    def close_cut_trials(self) -> None:
        """End the trials that were running when the search ended early; an interrupted search leaves them open."""
        if self.interrupted or self.error is not None:
            return
        for trial in list(self._open.values()):
            trial.stopped_by = trial.stopped_by or self.ended_by
            self.end(trial.number)

    def close(self) -> None:
        """Put the ledger on the disk and release its file."""
        with self._halting():
            self._ledger.close()

    def halt(self, why: str) -> None:
        """Stop without a word more to the ledger: its open trials can go on from there. Safe from any thread."""
        self.halted = True
        self.error = self.error or SearchError(f"{why}; the same command then goes on")

    # What every event does

    def _end_if_due(self) -> None:
        if not self.halted and (by := self._judge.due) is not None:
            self._judge.ended(self._log("search_end", {"by": by})["by"])

    def _reopen_if_budgets_grew(self) -> None:
        """Go on with a search that a budget ended, if the study now allows more. Its cut trials stay ended."""
        something_left = self.waiting > 0 or not self._used_up
        if something_left and not self._tune_schedules and self._judge.may_reopen(self._clock.elapsed_s):
            self._log("reopen", {"ended_by": self.ended_by})
            self._judge.ended(None)

    def _apply_suggestion(self, event: Event) -> None:
        self._open[event["trial"]] = OpenTrial(event["trial"], event["config"])
        self._judge.add(event["trial"])
        self._next = event["trial"] + 1

    def _apply_end(self, event: Event) -> None:
        trial = self._open.pop(event["trial"])
        failed = TrialState(event["state"]).failed
        best = None if failed else trial.best
        self._searcher.observe(trial.number, None if best is None else self._sign * best)
        self._judge.end(trial, best=best, failed=failed)

    def _seed(self, number: int) -> int:
        return trial_seed(self.search.seed, number)

    # The ledger

    def _log(self, event: str, fields: Mapping[str, Any], timings: Mapping[str, float] | None = None) -> Event:
        now_s = self._clock.now()
        self._clock.advance(event, now_s)
        with self._halting():
            entry = self._ledger.append(event, fields, {"at_ms": int(now_s * 1000), **(timings or {})})
        self._observers.tell(entry)
        return entry

    @contextmanager
    def _halting(self) -> Iterator[None]:
        """Halt the search where the ledger finds no room."""
        try:
            yield
        except OSError as error:
            self.halt(str(error))
            raise

    def _replay(self, event: Event) -> None:
        """Feed one logged event to fresh objects; decisions are taken from the log, not anew."""
        self._clock.advance(event["event"], event["clock"]["at_ms"] / 1000)
        match event["event"]:
            case "suggest":
                config = json.loads(json.dumps(self._searcher.suggest(event["trial"])))
                if config != event["config"]:
                    raise other_suggestion(self._ledger.path, event, config)
                self._apply_suggestion(event)
            case "result":
                trial = self._open[event["trial"]]
                self._judge.result(trial, event["step"], event["metrics"])
                trial.stopped_by = event["stopped_by"]
            case "exploit":
                self._open[event["trial"]].config = event["config"]
            case "lost":
                self._open[event["trial"]].losses += 1
            case "retry":
                self._open[event["trial"]].go_on_with(event["less"])
            case "end" if event["trial"] not in self._open:
                pass  # a second one, which older code wrote where an observer failed
            case "end":
                self._apply_end(event)
            case "search_end":
                self._judge.ended(event["by"])
            case "reopen":
                self._judge.ended(None)
            case "exhausted":
                self._exhausted = True
            case "session" | "start":
                pass
            case other:
                raise LedgerError(f"{self._ledger.path}: unknown event {other!r}")
