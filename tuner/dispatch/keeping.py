"""Which checkpoints of ended trials stay: the best one of each of the best trials, from the moment a trial ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from results.records import SearchRecord, TrialRecord, rank
from tuner.dispatch.checkpoints import SPARES, Checkpoints
from tuner.dispatch.history import Event, History


class Keeper:
    """Removes what is not among the best `keep` trials, trial by trial as they end.

    A trial that is not among the best of those that have ended never will be, so nothing that is removed is missed: a
    search with a thousand trials never has more on the disk than its running ones and the best.
    """

    def __init__(self, folder: Path, search: SearchRecord, *, keep: int, events: Iterable[Event] = ()) -> None:
        self._folder, self._search, self._keep = folder, search, keep
        self._history = History(search.search_id)
        self._kept: list[TrialRecord] = []
        for event in events:
            self.observe(event)

    def observe(self, event: Event) -> None:
        """Take in an event of the search's ledger."""
        trial = self._history.add(event)
        if trial is None or event["event"] != "end":
            return
        ended = self._history.trial(trial.number)
        before, self._kept = self._kept, _best_of([*self._kept, ended], self._search, self._keep)
        kept = {trial.number for trial in self._kept}
        _clear(self._folder, self._search, ended, keep_best=ended.number in kept)
        for other in before:
            if other.number not in kept:  # the others were cleared when they ended
                _clear(self._folder, self._search, other, keep_best=False)


def tidy_up(folder: Path, search: SearchRecord, trials: Iterable[TrialRecord], *, keep: int) -> None:
    """Remove the checkpoints of a search that is over, but for the best one of each of its `keep` best trials.

    Final runs keep theirs: a search that comes to have more of them goes on with those.
    """
    trials = list(trials)
    kept = {trial.number for trial in _best_of(trials, search, keep)}
    for trial in trials:
        _clear(folder, search, trial, keep_best=trial.number in kept)
    shutil.rmtree(folder / "trials" / SPARES, ignore_errors=True)


def _best_of(trials: list[TrialRecord], search: SearchRecord, keep: int) -> list[TrialRecord]:
    return [trial for trial in rank(trials, search.metric, search.mode) if not trial.state.failed][:keep]


def _clear(folder: Path, search: SearchRecord, trial: TrialRecord, *, keep_best: bool) -> None:
    """Remove a trial's checkpoints, or all but its best."""
    best = trial.best(search.metric, search.mode) if keep_best else None
    checkpoints_of(folder, trial).keep_only(best.step if best is not None else None)


def checkpoints_of(folder: Path, trial: TrialRecord) -> Checkpoints:
    """The checkpoints of a trial of the search whose folder this is."""
    return Checkpoints(folder / "trials" / f"{trial.number:04d}")
