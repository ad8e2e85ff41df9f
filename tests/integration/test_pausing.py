"""HyperBand and PBT, which Tune's own controller runs: their effect is seen, and a half-done search is not resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tuner import RunResult

RunStudy = Callable[..., RunResult]


def _events(home: Path, study: str) -> list[dict[str, object]]:
    path = home / "studies" / study / "0001" / "searches" / "all" / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_pbt_hands_the_best_weights_on(run_study: RunStudy, home: Path) -> None:
    """Oracle: the weight grows by lr each epoch. After copying, the worst trial is ahead of what its own lr allows."""
    result = run_study(
        """
        name: pbt
        trainable: toys.py:Population
        space: {lr: {loguniform: [0.001, 1.0]}}
        start_with: [{lr: 0.001}, {lr: 1.0}]
        search:
          {metric: val/accuracy, mode: max, trials: 2, budget: {max: 12}, max_concurrent: 2,
           scheduler: {pbt: {perturbation_interval: 2, quantile_fraction: 0.5, resample_probability: 0}}}
        """
    )
    assert result.ok, [search.error for search in result.searches]
    exploits = [event for event in _events(home, "pbt") if event["event"] == "exploit"]
    assert exploits
    assert (exploits[0]["trial"], exploits[0]["source"]) == (0, 1)
    worst = result.searches[0].outcome.trials[0]
    assert worst.results[-1].metrics["val/accuracy"] > 12 * 0.001 * 100
    assert all(0.001 <= float(event["config"]["lr"]) <= 1.0 for event in exploits)  # type: ignore[index]


def test_hyperband_pauses_and_lets_the_best_go_on(run_study: RunStudy) -> None:
    """Oracle: budget 9, reduction 3: a bracket of 3 runs through, the next 5 are cut to the best 2 at epoch 3."""
    result = run_study(
        """
        name: hyperband
        trainable: toys.py:Curve
        space: {x: {choice: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9]}}
        search:
          {metric: val/accuracy, mode: max, trials: 8, budget: {max: 9}, searcher: grid, max_concurrent: 2,
           scheduler: {hyperband: {reduction_factor: 3}}}
        """
    )
    assert result.ok, [search.error for search in result.searches]
    trials = result.searches[0].outcome.trials
    lasts = {trial.config["x"]: trial.results[-1].step for trial in trials}
    assert lasts == {0.1: 9, 0.2: 9, 0.3: 9, 0.4: 3, 0.5: 3, 0.6: 3, 0.7: 9, 0.9: 9}
    assert {trial.config["x"]: trial.stopped_by for trial in trials if trial.stopped_by} == {
        0.4: "hyperband",
        0.5: "hyperband",
        0.6: "hyperband",
    }
