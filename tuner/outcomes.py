"""What a home says of a search without asking the store: its ledger's trials, and whether it is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from results.records import SearchOutcome, TrialRecord
from tuner.closed import Closed, read_done
from tuner.dispatch.history import History
from tuner.dispatch.ledger import Ledger
from tuner.fingerprints import BUDGET_STOPPERS
from tuner.outbox import LEDGER
from tuner.plan import Search
from tuner.run import SearchResult
from tuner.study_folder import StudyFolder


def finished_result(folder: StudyFolder, search: Search) -> SearchResult | None:
    """What a search came to if it is over, recorded, and its budget has not grown since."""
    path = folder.search(search.key)
    done = read_done(path)
    if done is None or done[0].budget != budget_of(search):
        return None
    return result_of(path, done[0], model=done[1])


def result_of(folder: Path, closed: Closed, *, model: str | None = None) -> SearchResult:
    """What a search came to, with its trials as its ledger has them."""
    outcome = SearchOutcome(
        search=closed.record,
        trials=read_trials(folder, closed.record.search_id),
        test_metrics=closed.test_metrics,
        finals=closed.finals,
        model=model,
    )
    return SearchResult(outcome=outcome, ended_by=closed.ended_by)


def read_trials(folder: Path, search_id: str) -> list[TrialRecord]:
    """The trials of a search by its ledger."""
    return History(search_id, Ledger(folder / LEDGER)).trials


def budget_of(search: Search) -> dict[str, Any]:
    """The parts of a search that may grow after it was done."""
    growing = {stopper.name: dict(stopper.options) for stopper in search.stoppers if stopper.name in BUDGET_STOPPERS}
    return {"trials": search.trials, "stoppers": growing, "final": len(search.final_seeds)}
