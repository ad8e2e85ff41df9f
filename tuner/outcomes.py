"""What a home says of a search without asking the store: its ledger's trials, and whether it is done."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from disk import write_json
from results.records import SearchOutcome, SearchRecord, TrialRecord, trial_from_plain
from tuner.dispatch.history import History
from tuner.dispatch.ledger import Ledger
from tuner.fingerprints import BUDGET_STOPPERS
from tuner.plan import Search
from tuner.run import SearchResult
from tuner.study_folder import StudyFolder

LEDGER, _DONE = "ledger.jsonl", "done.json"


def finished_result(folder: StudyFolder, search: Search) -> SearchResult | None:
    """What a search came to if it is over, recorded, and its budget has not grown since."""
    path = folder.search(search.key) / _DONE
    if not path.exists():
        return None
    done = json.loads(path.read_text(encoding="utf-8"))
    if done["budget"] != _budget(search):
        return None
    record = SearchRecord(**done["record"])
    outcome = SearchOutcome(
        search=record,
        trials=read_trials(path.parent, record.search_id),
        test_metrics=done["test_metrics"],
        finals=tuple(map(trial_from_plain, done["finals"])),
        model=done["model"],
    )
    return SearchResult(outcome=outcome, ended_by=done["ended_by"])


def write_done(folder: Path, search: Search, result: SearchResult, *, model: str | None) -> None:
    """Say that a search is over and everything of it is in the store."""
    outcome = result.outcome
    done = {
        "budget": _budget(search),
        "ended_by": result.ended_by,
        "test_metrics": dict(outcome.test_metrics),
        "finals": [asdict(final) for final in outcome.finals],
        "model": model,
        "record": asdict(outcome.search),
    }
    write_json(folder / _DONE, done)


def read_trials(folder: Path, search_id: str) -> list[TrialRecord]:
    """The trials of a search by its ledger."""
    ledger = Ledger(folder / LEDGER)
    try:
        return History(search_id, ledger).trials
    finally:
        ledger.close()


def _budget(search: Search) -> dict[str, Any]:
    """The parts of a search that may grow after it was done."""
    growing = {stopper.name: dict(stopper.options) for stopper in search.stoppers if stopper.name in BUDGET_STOPPERS}
    return {"trials": search.trials, "stoppers": growing, "final": len(search.final_seeds)}
