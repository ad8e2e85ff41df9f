"""Anybody's Ray Tune trainables, unmodified: functions, classes, nested keys, own budget keys, checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlflow import MlflowClient

from results.records import TrialState
from tuner import RunResult

RunStudy = Callable[..., RunResult]


def test_a_function_without_end_is_stopped_at_its_own_budget_key(run_study: RunStudy, home: Path) -> None:
    """Oracle: score = x * steps; steps rise by 10 to the budget of 50; text is no metric; the last checkpoint is 50."""
    result = run_study(
        """
        name: nested
        trainable: toys.py:nested
        space: {x: {choice: [1.0, 2.0]}}
        search:
          {metric: eval/score, mode: max, trials: 2, budget: {key: steps, max: 50}, searcher: grid}
        """
    )
    assert result.ok, [search.error for search in result.searches]
    outcome = result.searches[0].outcome
    best = outcome.best_trial
    assert best is not None
    assert best.config == {"x": 2.0}
    assert [(r.step, dict(r.metrics)) for r in best.results] == [
        (step, {"eval/score": 2.0 * step, "steps": step}) for step in (10, 20, 30, 40, 50)
    ]
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("nested")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "tags.`tuner.kind` = 'search'")
    kept = Path(client.download_artifacts(run.info.run_id, "checkpoint"))
    assert [path.read_text() for path in kept.rglob("state.txt")] == ["50"]


def test_a_class_gets_its_hyperparameters_and_nothing_else(run_study: RunStudy) -> None:
    """Oracle: the config has the two keys of the study; without `reset_config` every trial has its own process."""
    result = run_study(
        """
        name: foreign
        trainable: toys.py:Foreign
        fixed: {unused: 1}
        space: {x: {choice: [1.0, 2.0]}}
        search:
          {metric: total, mode: max, trials: 2, budget: {key: training_iteration, max: 3}, searcher: grid}
        """
    )
    assert result.ok, [search.error for search in result.searches]
    trials = result.searches[0].outcome.trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 2
    assert [[r.metrics["total"] for r in trial.results] for trial in trials] == [[1, 2, 3], [2, 4, 6]]
    assert {r.metrics["keys"] for trial in trials for r in trial.results} == {2}
    assert len({trial.results[0].metrics["process"] for trial in trials}) == 2
