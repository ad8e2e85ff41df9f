"""A real Ray Tune experiment of somebody who does not know us, imported. Oracle: the formulas of its trainable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.logger import JsonLoggerCallback
from ray.tune.schedulers import ASHAScheduler

from cluster.connect import Cluster
from results.records import SearchOutcome, TrialState
from tuner.importing.files import read_experiment
from tuner.importing.record import record_experiment
from tuner.importing.records import Reading, check


def climb(config: dict[str, Any]) -> None:
    """Reports x * step for four steps; above 5 it breaks in its second."""
    for step in range(1, 5):
        if config["opt"]["x"] > 5 and step == 2:
            raise RuntimeError("above five")
        tune.report({"eval": {"score": config["opt"]["x"] * step}, "tokens": 100 * step})


def test_a_function_with_asha_a_failure_and_a_nested_configuration(tmp_path: Path, cluster: Cluster) -> None:
    """Oracle: one at a time, 4 comes first and returns after four steps, ASHA cuts all lower ones, 9 breaks."""
    tuner = tune.Tuner(
        climb,
        param_space={"opt": {"x": tune.grid_search([4.0, 3.0, 1.0, 9.0, 2.0]), "function": len}, "kind": "toy"},
        tune_config=tune.TuneConfig(
            metric="eval/score",
            mode="max",
            scheduler=ASHAScheduler(time_attr="tokens", grace_period=100, max_t=1000, reduction_factor=2),
            max_concurrent_trials=1,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="climb", storage_path=str(tmp_path), verbose=0, callbacks=[JsonLoggerCallback()]
        ),
    )
    tuner.fit()
    experiment = read_experiment(tmp_path / "climb")
    assert experiment.metric == "eval/score"
    reading = Reading(metric="eval/score", mode="max", budget_key="tokens")
    check(experiment, reading)
    store, study, _ = record_experiment(experiment, reading, name="climb", home=tmp_path / "h")
    outcome: SearchOutcome
    (outcome,) = store.outcomes(study.study_id, results=True)
    trials = {trial.config["opt/x"]: trial for trial in outcome.trials}
    assert {x: trial.state for x, trial in trials.items()} == {
        4.0: TrialState.COMPLETE,
        3.0: TrialState.STOPPED,
        1.0: TrialState.STOPPED,
        9.0: TrialState.CRASHED,
        2.0: TrialState.STOPPED,
    }
    assert [(result.step, result.metrics["eval/score"]) for result in trials[4.0].results] == [
        (100 * step, 4.0 * step) for step in range(1, 5)
    ]
    assert "RuntimeError: above five" in str(trials[9.0].error)
    assert outcome.best_trial == trials[4.0]
    assert outcome.search.params["kind"] == "toy"
