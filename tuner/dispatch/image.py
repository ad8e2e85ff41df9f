"""The image of one search in the store, brought up to date event by event; used by the recorder's thread only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from disk import write_json
from results.records import SearchOutcome, SearchRecord, TrialRecord
from tuner.dispatch.history import Event, History
from tuner.dispatch.ledger import Ledger
from tuner.outbox import DELIVERED, read_delivered

if TYPE_CHECKING:
    from results.store import Store
    from trainables.training import ExportedModel


class SearchImage:
    """What the store has of a search. Every method may be repeated when the store refused it.

    model: the registered model as `name/version`, once there is one. lacks_model: there should be one and never will.
    """

    def __init__(self, search: SearchRecord, ledger: Ledger) -> None:
        self.model: str | None = None
        self.lacks_model = False
        self._search = search
        self._store: Store
        self._run = ""
        self._ledger = ledger
        self._delivered_file = ledger.path.with_name(DELIVERED)
        self._delivered = self._read_delivered()
        self._history = History(search.search_id)
        self._runs: dict[int, str] = {}
        self._sent: dict[int, int] = {}  # how many of a trial's results the store has
        self._shown_at: dict[int, float] = {}  # when a running trial was last brought up to date
        self._old_events = list(ledger)
        # Runs of these may have been created before a kill; all later ones cannot exist yet.
        self._maybe_known = {event["trial"] for event in self._old_events if "trial" in event}

    @property
    def search_id(self) -> str:
        """The search's."""
        return self._search.search_id

    def begin(self, store: Store, study_run: str) -> None:
        """Begin the search's run and bring the store up to what the ledger held when recording began."""
        self._store = store
        self._run = store.begin_search(study_run, self._search)
        while self._old_events:
            self.add(self._old_events[0])
            self._old_events.pop(0)

    def add(self, event: Event) -> None:
        """Take in one event; the end of a trial goes to the store at once."""
        trial = self._history.add(event)
        if trial is None or trial.number in self._delivered:
            return
        if event["event"] == "end":
            self._deliver(self._history.trial(trial.number))
        elif trial.number not in self._shown_at:
            self._shown_at[trial.number] = time.monotonic()

    def tick(self, *, older_than_s: float) -> None:
        """Show what is running: trials that began a while ago, and their results since the last time."""
        now = time.monotonic()
        for number in [number for number, shown_at in self._shown_at.items() if now - shown_at >= older_than_s]:
            self._send(self._history.trial(number))
            self._shown_at[number] = now

    def end(self, outcome: SearchOutcome, *, files: Mapping[str, Path]) -> None:
        """Close the search's run with its best trial, final runs, history and files (by artifact folder)."""
        for folder, path in files.items():
            self._store.log_file(self._run, path, folder)
        for final in outcome.finals:
            self._store.write_final(self._run, self._search, final)
        self._store.end_search(
            self._run, self._search, self._history.trials, test_metrics=outcome.test_metrics, finals=outcome.finals
        )

    def keep_model(
        self, outcome: SearchOutcome, model: ExportedModel, *, study: str, final: TrialRecord | None
    ) -> None:
        """Log the best model under the search's run and register it if it beats the champion."""
        name = f"{study}.{self._search.key}"
        registered = self._store.log_model(self._run, outcome, name=name, exported=model, final=final)
        if registered is not None:
            self.model = f"{registered.name}/{registered.version}"

    def _deliver(self, trial: TrialRecord) -> None:
        """Close a trial in the store: in one go if it was too short to be shown while it ran."""
        self._ledger.flush()
        if trial.number in self._runs:
            self._send(trial)
            self._store.end_trial(self._runs[trial.number], self._search, trial)
        else:
            self._store.write_trial(self._run, self._search, trial, new=trial.number not in self._maybe_known)
        self._shown_at.pop(trial.number, None)
        self._delivered.add(trial.number)
        self._write_delivered()

    def _send(self, trial: TrialRecord) -> None:
        number = trial.number
        self._ledger.flush()  # after a power cut the store must not know more than the ledger
        if number not in self._runs:
            new = number not in self._maybe_known
            self._runs[number] = self._store.begin_trial(self._run, self._search, trial, new=new)
        if new_results := trial.results[self._sent.get(number, 0) :]:
            self._store.log_results(self._runs[number], new_results)
        self._sent[number] = len(trial.results)

    def _read_delivered(self) -> set[int]:
        return read_delivered(self._delivered_file.parent)

    def _write_delivered(self) -> None:
        write_json(self._delivered_file, sorted(self._delivered), flushed=False)
