"""Real Ray, real MLflow: which trial ends where and why, and that the record says so."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from results.records import TrialRecord, TrialState
from results.store import Store
from tuner import RunResult

RunStudy = Callable[..., RunResult]


def trials(result: RunResult) -> list[TrialRecord]:
    (search,) = result.searches
    assert search.error is None, search.error
    return list(search.outcome.trials)


def last_steps(result: RunResult) -> list[int]:
    return [trial.results[-1].step if trial.results else 0 for trial in trials(result)]


def test_asha_stops_the_worse_trials_at_its_rungs(run_study: RunStudy) -> None:
    """Oracle: rungs 1 and 3, reduction 3; a grid of falling x puts every trial after the first below the cutoff."""
    result = run_study(
        """
        name: asha
        trainable: toys.py:Curve
        space: {x: {choice: [0.9, 0.5, 0.4, 0.3]}}
        search:
          {metric: val/accuracy, mode: max, trials: 4, budget: {max: 9}, searcher: grid,
           scheduler: {asha: {grace_period: 1, reduction_factor: 3}}}
        """
    )
    assert last_steps(result) == [9, 1, 1, 1]
    assert [(trial.state, trial.stopped_by) for trial in trials(result)] == [
        (TrialState.COMPLETE, None),
        *[(TrialState.STOPPED, "asha")] * 3,
    ]


def test_a_plateau_stops_its_trial_patience_epochs_after_the_top(run_study: RunStudy) -> None:
    """Oracle: the curve's top is at epoch 2, 4, 6; patience 2 ends the trials at 4, 6, 8."""
    result = run_study(
        """
        name: plateau
        trainable: toys.py:Plateau
        space: {top: {choice: [2, 4, 6]}}
        search:
          {metric: val/accuracy, mode: max, trials: 3, budget: {max: 20}, searcher: grid,
           stoppers: [{trial_plateau: {patience: 2}}]}
        """
    )
    assert last_steps(result) == [4, 6, 8]
    assert {trial.stopped_by for trial in trials(result)} == {"trial_plateau"}


def test_every_failure_has_its_state_and_the_search_goes_on(run_study: RunStudy) -> None:
    """Oracle: each trouble by name; a loss of -1e30 is no failure; a crash takes its process, a NaN does not."""
    result = run_study(
        """
        name: troubled
        trainable: toys.py:Troubled
        fixed: {x: 0.5}
        space: {trouble: {choice: [nan, very_negative, crash, memory, killed, none]}}
        search: {metric: val/accuracy, mode: max, trials: 6, budget: {max: 3}, searcher: grid}
        """
    )
    states = {trial.config["trouble"]: trial.state for trial in trials(result)}
    assert states == {
        "nan": TrialState.DIVERGED,
        "very_negative": TrialState.COMPLETE,
        "crash": TrialState.CRASHED,
        "memory": TrialState.OUT_OF_MEMORY,
        "killed": TrialState.CRASHED,
        "none": TrialState.COMPLETE,
    }
    errors = {trial.config["trouble"]: trial.error for trial in trials(result)}
    assert "the second epoch broke" in str(errors["crash"])
    assert "CUDA out of memory" in str(errors["memory"])
    assert "train/loss is nan at epoch 2" in str(errors["nan"])
    best = result.searches[0].outcome.best_trial
    assert best is not None
    assert best.config["trouble"] == "very_negative"
    assert result.ok


def test_a_trial_out_of_memory_goes_on_with_half_the_batch(run_study: RunStudy, home: Path) -> None:
    """Oracle: 64 fits into 20 after two halvings, in the same process; into 1 not after three; so says MLflow."""
    result = run_study(
        """
        name: halved
        trainable: toys.py:Roomy
        fixed: {x: 0.5, batch_size: 64}
        space: {room: {choice: [20, 1, 64]}}
        search:
          {metric: val/accuracy, mode: max, trials: 3, budget: {max: 3}, searcher: grid,
           out_of_memory: {halve: batch_size, times: 3}}
        """
    )
    found = trials(result)
    assert [trial.state for trial in found] == ["complete", "out_of_memory", "complete"]
    assert [trial.config.get("batch_size") for trial in found] == [16, 8, None]
    sizes = [[result.metrics["batch_size"] for result in trial.results] for trial in found]
    assert sizes == [[64, 16, 16], [64], [64, 64, 64]]
    assert len({result.metrics["process"] for trial in found for result in trial.results}) == 1
    stored = Store(f"sqlite:///{home / 'mlflow.db'}").trials("halved/all")
    assert [trial.config for trial in stored] == [trial.config for trial in found]


@pytest.mark.parametrize("key", ["score", "training_iteration"])
def test_a_trainable_that_does_not_report_what_the_study_needs_is_an_error(run_study: RunStudy, key: str) -> None:
    """Oracle: the message names the missing key and the one that was reported; no silent search without ASHA."""
    metric, budget = ("score", "epoch") if key == "score" else ("val/accuracy", "training_iteration")
    result = run_study(
        f"""
        name: silent-{key}
        trainable: toys.py:silent
        space: {{x: {{uniform: [0, 1]}}}}
        search: {{metric: {metric}, mode: max, trials: 3, budget: {{key: {budget}, max: 3}}, scheduler: asha}}
        """
    )
    assert not result.ok
    error = str(result.searches[0].error)
    assert ("epoch" if key == "score" else "val/accuracy") in error
    assert "score" in error


def test_two_trials_of_short_epochs_overlap(run_study: RunStudy) -> None:
    """Oracle: with two at a time, two processes serve ten trials, and trials of different processes overlap.

    However slowly a process starts, its first trial waits for the other's: trials one at a time would never meet.
    """
    result = run_study(
        """
        name: overlap
        trainable: toys.py:Meeting
        fixed: {epoch_s: 0.1, meeting: overlap}
        space: {x: {uniform: [0, 1]}}
        search: {metric: val/accuracy, mode: max, trials: 10, budget: {max: 4}, max_concurrent: 2}
        """
    )
    done = trials(result)
    processes = [trial.results[0].metrics["process"] for trial in done]
    assert len(set(processes)) == 2
    assert max(trial.results[0].metrics["time/epoch_s"] for trial in done) < 60
    overlaps = [
        (first.number, second.number)
        for first, second in itertools.combinations(done, 2)
        if processes[first.number] != processes[second.number]
        and max(first.started_at_ms, second.started_at_ms) < min(first.ended_at_ms or 0, second.ended_at_ms or 0)
    ]
    assert overlaps


def test_nothing_but_the_process_survives_from_trial_to_trial(run_study: RunStudy) -> None:
    """Oracle: six epochs in one process draw six different numbers, and a second run of the study draws them again."""
    text = """
        name: {name}
        trainable: toys.py:Survivor
        space: {{x: {{uniform: [0, 1]}}}}
        search: {{metric: val/accuracy, mode: max, trials: 3, budget: {{max: 2}}}}
        """
    first, second = (trials(run_study(text.format(name=name))) for name in ("survivor-1", "survivor-2"))
    assert len({result.metrics["process"] for trial in first for result in trial.results}) == 1
    draws = [[result.metrics["draw"] for result in trial.results] for trial in first]
    assert len({draw for of_trial in draws for draw in of_trial}) == 6
    assert {result.metrics["instance"] for trial in first for result in trial.results} == {3.0}
    for one, other in zip(first, second, strict=True):
        for key in ("draw", "weight", "grad_mode", "dtype"):
            assert [r.metrics[key] for r in one.results] == [r.metrics[key] for r in other.results]


def test_more_trials_at_a_time_than_fit_waste_no_time(run_study: RunStudy) -> None:
    """Oracle: two CPUs, four trials asked for at a time: no process waits five seconds between two of its trials."""
    result = run_study(
        """
        name: crowded
        trainable: toys.py:Meeting
        fixed: {epoch_s: 0.1, meeting: crowded}
        space: {x: {uniform: [0, 1]}}
        search: {metric: val/accuracy, mode: max, trials: 8, budget: {max: 3}, max_concurrent: 4}
        """
    )
    by_process: dict[float, list[TrialRecord]] = {}
    for trial in sorted(trials(result), key=lambda trial: trial.started_at_ms):
        by_process.setdefault(trial.results[0].metrics["process"], []).append(trial)
    assert len(by_process) == 2
    for served in by_process.values():
        idle_ms = [after.started_at_ms - (before.ended_at_ms or 0) for before, after in itertools.pairwise(served)]
        assert max(idle_ms, default=0) < 5000
