"""Carries what happens from the ledgers to the store, in order, on one thread that training never waits for.

The ledger is the truth and the store its image: what could not be delivered waits on the disk for `tuner sync` or the
next `tuner run` of the same study, and sending something twice changes nothing (timestamps come from the ledger). One
thread serves all searches, because SQLite takes one writer at a time and several are no faster. What the store refuses
is tried again until it is taken, before anything later: records arrive in order.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from results.records import SearchOutcome, SearchRecord, StudyRecord, TrialRecord
from results.redaction import redacted
from results.summary import summary
from results.tables import best_models
from tuner.dispatch.image import SearchImage
from tuner.dispatch.ledger import Ledger

if TYPE_CHECKING:
    from results.store import Store
    from trainables.training import ExportedModel

_log = logging.getLogger(__name__)
_LIVE_EVERY_S = 2.0  # how often running trials are shown; a trial shorter than that is written in one go


@dataclass(frozen=True)
class Patience:
    """How a store that refuses records is borne with.

    between_s: the pause before an action is tried again. at_end_s: how long that goes on without any success once
    nothing but delivery is left to do. hurried_s: how long delivery may take at all after a signal.
    """

    between_s: float = 3.0
    at_end_s: float = 30.0
    hurried_s: float = 6.0


PATIENCE = Patience()


class Recorder:
    """Records one run of a study. Calls return at once; `close` waits until all is delivered or given up.

    open_store: makes the store; called on the recorder's thread, because importing MLflow takes seconds.
    refusal: why the store does not take the record whose turn it is; None while it takes them. After `close`: why not
    everything was delivered. lacks: what else the store will not get, each in a line.
    """

    def __init__(
        self, open_store: Callable[[], Store], study: StudyRecord, *, patience: Patience | None = None
    ) -> None:
        self.refusal: Exception | None = None
        self.lacks: list[str] = []
        self._patience = patience or PATIENCE
        self._last_success_s = 0.0
        self._shown_s = time.monotonic()
        self._given_up = threading.Event()
        self._open_store, self._study = open_store, study
        self._store: Store
        self._study_run = ""
        self._images: dict[str, SearchImage] = {}
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
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

    def end_search(self, image: SearchImage, *, outcome: SearchOutcome, files: Mapping[str, Path]) -> None:
        """Close a search's run with its final runs, history and files (by artifact folder).

        outcome: its test metrics and final runs.
        """
        self._queue.put(lambda: image.end(outcome, files=files))

    def model(
        self,
        image: SearchImage,
        outcome: SearchOutcome,
        model: Callable[[], ExportedModel | None],
        *,
        final: TrialRecord | None = None,
    ) -> None:
        """Keep an ended search's best model, or that of a final run; register it if it beats the champion.

        model: makes it when its turn comes, so that it need not be held in memory while a store is away for hours. What
        cannot be made, or is nothing that MLflow takes, is told in `lacks` and holds nothing else up.
        """

        def keep() -> None:
            try:
                made = model()
            except Exception as error:  # noqa: BLE001  (a trainable of anybody's)
                self._do_without(image, error)
                return
            try:
                if made is not None:
                    image.keep_model(outcome, made, study=self._study.name, final=final)
            except Exception as error:
                if self._store.may_pass(error):
                    raise
                self._do_without(image, error)

        self._queue.put(keep)

    def then(self, action: Callable[[], None]) -> None:
        """Call `action` when all that was handed over before is delivered."""
        self._queue.put(action)

    def end_study(self, then: Callable[[], None]) -> None:
        """Write the best-models table of everything the study has so far, then call `then`."""
        self._queue.put(self._end_study)
        self._queue.put(then)

    def interrupt(self) -> None:
        """Mark what is open as interrupted, trials that were too young to be shown among it."""
        self._queue.put(lambda: self._show(older_than_s=0.0))
        self._queue.put(lambda: self._store.interrupt())

    def close(self, *, hurried: Callable[[], bool] = lambda: False) -> None:
        """Wait until everything is delivered, or the store has refused it for too long; `refusal` then says why.

        hurried: asked again and again whether somebody waits for the process to end.
        """
        self._queue.put(None)
        began_s = time.monotonic()
        while self._thread.is_alive():
            self._thread.join(0.1)
            now_s = time.monotonic()
            late = hurried() and now_s - began_s > self._patience.hurried_s
            quiet_s = now_s - max(began_s, self._last_success_s)
            if late or (self.refusal is not None and quiet_s > self._patience.at_end_s):
                self._given_up.set()
                self._thread.join(0.5)  # not longer: it may hang in a request that is never answered
                self.refusal = self.refusal or TimeoutError("it does not answer")
                return

    def _do_without(self, image: SearchImage, error: Exception) -> None:
        image.lacks_model = True
        cause = getattr(error, "cause", None) or error  # what a task of Ray's raised
        self.lacks.append(f"no model of {image.search_id} could be kept: {type(cause).__name__}: {_brief(cause)}")
        _log.warning(self.lacks[-1])

    def _begin_study(self) -> None:
        self._store = self._open_store()
        self._study_run = self._store.begin_study(self._study)

    def _end_study(self) -> None:
        outcomes = self._store.outcomes(self._study.study_id)
        self._store.end_study(self._study_run, self._study, best_models(outcomes), brief=summary(outcomes))

    def _work(self) -> None:
        while True:
            action = self._next()
            if action is None:
                return
            while not self._attempt(action):
                if self._given_up.wait(self._patience.between_s):
                    return
            if self._given_up.is_set():
                return

    def _next(self) -> Callable[[], None] | None:
        """What comes next: every two seconds a look at what is running, however much there is to do."""
        while time.monotonic() - self._shown_s < _LIVE_EVERY_S:
            with suppress(queue.Empty):
                return self._queue.get(timeout=_LIVE_EVERY_S / 2)
        self._shown_s = time.monotonic()
        return lambda: self._show(older_than_s=_LIVE_EVERY_S)

    def _show(self, *, older_than_s: float) -> None:
        for image in list(self._images.values()):  # a search may join meanwhile
            image.tick(older_than_s=older_than_s)

    def _attempt(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as error:  # noqa: BLE001  (whatever the store raises must not end the search)
            if self.refusal is None:
                _log.warning("the store does not take records, they wait on the disk: %s", _brief(error))
            self.refusal = error
            return False
        if self.refusal is not None:
            _log.warning("the store takes records again")
        self.refusal, self._last_success_s = None, time.monotonic()
        return True


def _brief(error: Exception) -> str:
    """The first line: MLflow and SQLAlchemy append whole statements with their values."""
    return redacted(str(error).partition("\n")[0])
