"""Which checkpoints of ended trials stay: the best one of each of the best trials, from the moment a trial ends."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from results.records import SearchRecord, TrialRecord, rank
from tuner.dispatch.checkpoints import Checkpoints
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
        trial = self._history.trial(trial.number)
        search = self._search
        ranked = [other for other in rank([*self._kept, trial], search.metric, search.mode) if not other.state.failed]
        kept = ranked[: self._keep]
        for other in (*self._kept, trial):
            best = other.best(search.metric, search.mode) if other in kept else None
            checkpoints_of(self._folder, other).keep_only(best.step if best is not None else None)
        self._kept = kept


def tidy_up(folder: Path, search: SearchRecord, trials: Iterable[TrialRecord], *, keep: int) -> None:
    """Remove the checkpoints of a search that is over, but for the best one of each of its `keep` best trials.

    Final runs keep theirs: a search that comes to have more of them goes on with those.
    """
    trials = list(trials)
    kept = [trial for trial in rank(trials, search.metric, search.mode) if not trial.state.failed][:keep]
    for trial in trials:
        best = trial.best(search.metric, search.mode) if trial in kept else None
        checkpoints_of(folder, trial).keep_only(best.step if best is not None else None)


def checkpoints_of(folder: Path, trial: TrialRecord) -> Checkpoints:
    """The checkpoints of a trial of the search whose folder this is."""
    return Checkpoints(folder / "trials" / f"{trial.number:04d}")
