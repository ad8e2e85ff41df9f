"""Carries what happens from the ledgers to the store, in order, on one thread that training never waits for.

The ledger is the truth and the store its image: what could not be delivered is delivered by the next `tuner run` of
the same study, and sending something twice changes nothing (timestamps come from the ledger). One thread serves all
searches, because SQLite takes one writer at a time and several are no faster.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from results.records import SearchOutcome, SearchRecord, StudyRecord, TrialRecord
from results.tables import best_models
from tuner.dispatch.image import SearchImage
from tuner.dispatch.ledger import Ledger

if TYPE_CHECKING:
    from results.store import Store
    from trainables.training import ExportedModel

_log = logging.getLogger(__name__)
_LIVE_EVERY_S = 2.0  # how often running trials are shown; a trial shorter than that is written in one go
_RETRY_AFTER_S = 3.0


class Recorder:
    """Records one run of a study. Calls return at once; `close` waits until all is delivered or given up.

    open_store: makes the store; called on the recorder's thread, because importing MLflow takes seconds.
    undelivered: the last refusal of the store if something could not be delivered.
    """

    def __init__(self, open_store: Callable[[], Store], study: StudyRecord) -> None:
        self.undelivered: Exception | None = None
        self._open_store, self._study = open_store, study
        self._store: Store
        self._study_run = ""
        self._images: dict[str, SearchImage] = {}
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._giving_up = False
        self._queue.put(self._begin_study)
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def watch(self, search: SearchRecord, ledger: Ledger) -> SearchImage:
        """Start recording a search; call `observe` with its new events."""
        image = SearchImage(search, ledger)
        self._images[search.key] = image
        self._queue.put(lambda: image.begin(self._store, self._study_run))
        return image

    def observe(self, image: SearchImage) -> Callable[[dict[str, object]], None]:
        """The observer of a search's events."""
        return lambda event: self._queue.put(lambda: image.add(event))

    def end_search(
        self,
        image: SearchImage,
        *,
        outcome: SearchOutcome,
        files: Mapping[str, Path],
        then: Callable[[], None],
    ) -> None:
        """Close a search's run with its final runs, history and files (by artifact folder), then call `then`.

        outcome: its test metrics and final runs.
        """
        self._queue.put(lambda: image.end(outcome, files=files))
        self._queue.put(then)

    def model(
        self, image: SearchImage, best: TrialRecord, model: ExportedModel, *, final: TrialRecord | None = None
    ) -> None:
        """Keep a search's best model, or that of a final run; register it if it beats the champion."""
        self._queue.put(lambda: image.keep_model(best, model, study=self._study.name, final=final))

    def end_study(self) -> None:
        """Write the best-models table of everything the study has so far."""
        self._queue.put(self._end_study)

    def interrupt(self) -> None:
        """Mark what is open as interrupted."""
        self._queue.put(lambda: self._store.interrupt())

    def close(self) -> None:
        """Wait for what is left, giving each refused write one more chance."""
        self._giving_up = True
        self._queue.put(None)
        self._thread.join()

    def _begin_study(self) -> None:
        self._store = self._open_store()
        self._study_run = self._store.begin_study(self._study)

    def _end_study(self) -> None:
        table = best_models(self._store.outcomes(self._study.study_id))
        self._store.end_study(self._study_run, self._study, table)

    def _work(self) -> None:
        while True:
            try:
                action = self._queue.get(timeout=_LIVE_EVERY_S / 2)
            except queue.Empty:
                action = self._tick
            if action is None:
                return
            while not self._attempt(action) and not self._giving_up:
                time.sleep(_RETRY_AFTER_S)

    def _tick(self) -> None:
        for image in self._images.values():
            image.tick(older_than_s=_LIVE_EVERY_S)

    def _attempt(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as error:  # noqa: BLE001  (whatever the store raises must not end the search)
            if self.undelivered is None:
                _log.warning("the store does not take records, trying again: %s", error)
            self.undelivered = error
            return False
        if not self._giving_up:
            self.undelivered = None
        return True
