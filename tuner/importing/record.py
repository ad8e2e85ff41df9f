"""An experiment of others into a home's store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from results.records import SearchOutcome, StudyRecord
from results.summary import summary
from results.tables import best_models
from tuner.home import Home
from tuner.importing.files import Experiment
from tuner.importing.records import Reading, identity, outcomes, study_record
from tuner.study_folder import Beginning, hold

if TYPE_CHECKING:
    from results.store import Store


def record_experiment(
    experiment: Experiment, reading: Reading, *, name: str, home: Path, fresh: bool = False
) -> tuple[Store, StudyRecord, list[SearchOutcome]]:
    """Record the experiment as a study of this name; returns the store and what was recorded.

    Again with the same experiment it doubles nothing and adds what the experiment has gained meanwhile. Raises
    InputError if the home has another study of that name, RunError if another process writes it.
    """
    house = Home(home.absolute())
    source = _source(experiment, reading, name)
    began = Beginning(name=name, source=source, identity=identity(experiment, reading))
    with hold(house, began, fresh=fresh) as folder:
        study = study_record(experiment, reading, study_id=folder.study_id, name=name, source=source)
        found = outcomes(experiment, reading, study_id=folder.study_id)
        for outcome in found:
            folder.search(outcome.search.key).mkdir(parents=True, exist_ok=True)
        from results.store import Store

        store = Store(house.tracking_uri, artifact_root=house.artifacts)
        _write(store, study, found)
    return store, study, found


def _write(store: Store, study: StudyRecord, found: Sequence[SearchOutcome]) -> None:
    try:
        study_run = store.begin_study(study)
        for outcome in found:
            search_run = store.begin_search(study_run, outcome.search)
            for trial in outcome.trials:
                store.write_trial(search_run, outcome.search, trial)
            store.end_search(search_run, outcome.search, outcome.trials, test_metrics={})
        recorded = store.outcomes(study.study_id)
        store.end_study(study_run, study, best_models(recorded), brief=summary(recorded))
    except KeyboardInterrupt:
        store.interrupt()
        raise


def _source(experiment: Experiment, reading: Reading, name: str) -> str:
    """What stands where a study has its file."""
    factors = f", a search for each {', '.join(reading.factors)}" if reading.factors else ""
    return (
        f"# {name}: imported from the Ray Tune experiment {experiment.path.resolve().name}, no study that can be run.\n"
        f"# Judged by {reading.metric} ({reading.mode}), steps counted by {reading.budget_key}{factors}.\n"
    )
