"""A search without a cluster: a real Director, ledger and recorder, and a learning curve in place of training.

Also a process of its own, to be killed: `python story.py HOME TRACKING_URI TRIALS` prints "told" once every trial has
ended, and waits.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from results.records import SearchRecord, StudyRecord
from tuner.dispatch.director import Director
from tuner.dispatch.ledger import Ledger
from tuner.dispatch.recorder import Patience, Recorder
from tuner.home import Home
from tuner.outbox import LEDGER, Posting, write_posting, write_search
from tuner.plan import plan_study
from tuner.study import Study
from tuner.study_folder import StudyFolder, claim

QUICK = Patience(between_s=0.2, at_end_s=1.0, hurried_s=1.0)
EPOCHS = 3


def study(trials: int, **search: Any) -> Study:
    """A study of one search, of `trials` trials with three epochs each; `search` holds more of its options."""
    return Study.model_validate(
        {
            "name": "story",
            "trainable": "linear_classifier",
            "space": {"lr": {"uniform": [0.1, 1.0]}},
            "fixed": {"dataset": "digits"},
            "search": {"metric": "val/accuracy", "mode": "max", "trials": trials, "budget": {"max": EPOCHS}, **search},
        }
    )


class Story:
    """One search of a study in a home, driven by hand. `director` may be driven while a recorder looks on."""

    def __init__(self, home: Path, uri: str, trials: int, *, recorded: bool = True, **search: Any) -> None:
        wanted = study(trials, **search)
        self.home = Home(home)
        self._claim = claim(self.home, wanted, fresh=False)
        self.folder: StudyFolder = self._claim.__enter__()
        self.search = search = plan_study(wanted).searches[0]
        path = self.folder.search(search.key)
        record = StudyRecord(
            study_id="story", name="story", metric="val/accuracy", mode="max", source=wanted.source,
            fingerprint="f", started_at_ms=self.folder.began_at_ms,
        )  # fmt: skip
        self.record = SearchRecord(
            search_id=f"story/{search.key}", key=search.key, cell={}, metric="val/accuracy", mode="max",
            started_at_ms=self.folder.began_at_ms,
        )  # fmt: skip
        self.posting = Posting(record=record, tracking_uri=uri, artifact_root=None, searches=(search.key,))
        write_posting(self.folder, self.posting)
        ledger = Ledger(path / LEDGER)
        write_search(path, self.record)
        observers: list[Callable[[dict[str, Any]], None]] = []
        self.recorder: Recorder | None = None
        if recorded:
            self.recorder = Recorder(self.posting.open_store, record, patience=QUICK)
            self.image = self.recorder.watch(self.record, ledger)
            observers.append(self.recorder.observe(self.image))
        self.director = Director(search, ledger, observers=observers)

    def train(self, trials: int, *, before_epoch: Callable[[], None] = lambda: None) -> float:
        """Run the next trials to their ends, as long as there are any; the longest call to the Director, in seconds."""
        longest_s = 0.0
        for _ in range(trials):
            suggestion = self.director.suggest()
            if suggestion is None:
                break
            self.director.started(suggestion.number)
            for epoch in range(suggestion.done + 1, self.search.budget_max + 1):
                before_epoch()
                began = time.monotonic()
                value = suggestion.config["lr"] * (1 - 0.5**epoch)
                metrics = {"epoch": epoch, "val/accuracy": value, "time/epoch_s": 0.0}
                stop = self.director.result(suggestion.number, metrics)
                longest_s = max(longest_s, time.monotonic() - began)
                if stop:
                    break
            self.director.end(suggestion.number)
        return longest_s

    def leave(self) -> None:
        """Let the study go, as a process does that ends."""
        self._claim.__exit__(None, None, None)


if __name__ == "__main__":
    story = Story(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    story.train(int(sys.argv[3]))
    sys.stdout.write("told\n")
    sys.stdout.flush()
    time.sleep(600)
