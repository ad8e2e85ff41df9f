"""Which checkpoints of ended trials stay: the best one of each of the best trials, from the moment a trial ends."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from results.records import SearchRecord, TrialRecord, rank
from tuner.dispatch.checkpoints import SPARES, Checkpoints
from tuner.dispatch.history import Event, History

_log = logging.getLogger(__name__)
_remover = ThreadPoolExecutor(1, thread_name_prefix="remover")  # a file system may take its time to remove a file


class Keeper:
    """Removes what is not among the best `keep` trials, trial by trial as they end, in a thread that nobody waits for.

    A trial that is not among the best of those that have ended never will be, so nothing that is removed is missed: a
    search with a thousand trials never has more on the disk than its running ones and the best.
    """

    def __init__(self, folder: Path, search: SearchRecord, *, keep: int, events: Iterable[Event] = ()) -> None:
        self._folder, self._search, self._keep = folder, search, keep
        self._history = History(search.search_id)
        self._kept: list[TrialRecord] = []
        self._ended: dict[int, TrialRecord] = {}  # whose last checkpoint may still be on its way
        for event in events:
            if (trial := self._end_of(event)) is not None:
                self._rank(trial)

    def observe(self, event: Event) -> None:
        """Take in an event of the search's ledger."""
        if (trial := self._end_of(event)) is not None:
            self._ended[trial.number] = trial
        for trial in list(self._ended.values()):
            last = checkpoints_of(self._folder, trial).path(trial.results[-1].step) if trial.results else None
            if last is None or trial.state.failed or last.exists():
                del self._ended[trial.number]
                self._rank(trial)

    def _end_of(self, event: Event) -> TrialRecord | None:
        trial = self._history.add(event)
        return self._history.trial(trial.number) if trial is not None and event["event"] == "end" else None

    def _rank(self, ended: TrialRecord) -> None:
        before = [trial for trial in self._kept if trial.number != ended.number]
        self._kept = _best_of([*before, ended], self._search, self._keep)
        kept = {trial.number for trial in self._kept}
        self._clear(ended, keep_best=ended.number in kept)
        for other in before:
            if other.number not in kept:  # the others were cleared when they ended
                self._clear(other, keep_best=False)

    def _clear(self, trial: TrialRecord, *, keep_best: bool) -> None:
        _remover.submit(_try_to_clear, self._folder, self._search, trial, keep_best=keep_best)


def tidy_up(folder: Path, search: SearchRecord, trials: Iterable[TrialRecord], *, keep: int) -> None:
    """Remove the checkpoints of a search that is over, but for the best one of each of its `keep` best trials.

    Final runs keep theirs: a search that comes to have more of them goes on with those.
    """
    wait_for_removals()
    trials = list(trials)
    kept = {trial.number for trial in _best_of(trials, search, keep)}
    for trial in trials:
        _clear(folder, search, trial, keep_best=trial.number in kept)
    shutil.rmtree(folder / "trials" / SPARES, ignore_errors=True)


def wait_for_removals() -> None:
    """Wait until all that keepers were told so far has been done."""
    _remover.submit(lambda: None).result()


def _best_of(trials: list[TrialRecord], search: SearchRecord, keep: int) -> list[TrialRecord]:
    return [trial for trial in rank(trials, search.metric, search.mode) if not trial.state.failed][:keep]


def _clear(folder: Path, search: SearchRecord, trial: TrialRecord, *, keep_best: bool) -> None:
    """Remove a trial's checkpoints, or all but its best."""
    best = trial.best(search.metric, search.mode) if keep_best else None
    checkpoints_of(folder, trial).keep_only(best.step if best is not None else None)


def _try_to_clear(folder: Path, search: SearchRecord, trial: TrialRecord, *, keep_best: bool) -> None:
    try:
        _clear(folder, search, trial, keep_best=keep_best)
    except OSError as error:  # it takes room until the search is over, and is tried again then
        _log.warning("checkpoints of %s cannot be removed: %s", trial.trial_id, error)


def checkpoints_of(folder: Path, trial: TrialRecord) -> Checkpoints:
    """The checkpoints of a trial of the search whose folder this is."""
    return Checkpoints(folder / "trials" / f"{trial.number:04d}")
