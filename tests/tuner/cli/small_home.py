"""A home with a study that was never run: its records are written into a real store."""

from __future__ import annotations

from pathlib import Path

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.home import Home

SOURCE = "name: tiny\nreport: {figures: [accuracy]}\n"  # every figure would take ten seconds


def small_home(root: Path) -> Path:
    """A study `tiny` of one search `x`, one trial of two steps (0.25, 0.5), whose report has one figure."""
    from results.store import Store

    store = Store(Home(root).tracking_uri, artifact_root=Home(root).artifacts)
    study = StudyRecord(
        study_id="tiny",
        name="tiny",
        metric="val/accuracy",
        mode="max",
        source=SOURCE,
        fingerprint="f",
        started_at_ms=1,
    )
    search = SearchRecord(
        search_id="tiny/x",
        key="x",
        cell={},
        metric="val/accuracy",
        mode="max",
        started_at_ms=1,
        params={"trials": 1, "budget": "2 epoch"},
    )
    run = store.begin_search(store.begin_study(study), search, new=True)
    trial = TrialRecord(
        trial_id="tiny/x/0000",
        number=0,
        config={"lr": 0.1},
        seed=0,
        state=TrialState.COMPLETE,
        started_at_ms=10,
        ended_at_ms=20,
        results=tuple(ResultRecord(step=s, at_ms=10 + s, metrics={"val/accuracy": s / 4}) for s in (1, 2)),
    )
    store.write_trial(run, search, trial, new=True)
    store.end_search(run, search, [trial], test_metrics={})
    return root
