"""What other tools are given, read back with them. Oracle: the records."""

from __future__ import annotations

import math

import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from results.export import write_history_parquet, write_trials_csv
from results.optuna_study import ForeignStudyError, add_to_optuna, distributions_of
from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord, TrialState

optuna.logging.set_verbosity(optuna.logging.WARNING)
SPACE = {
    "lr": {"loguniform": [1e-4, 1e-1]},
    "d": {"int": [2, 64], "when": {"loss": "cosine"}},
    "r": [{"loguniform": [1.0, 10.0], "when": {"loss": "a"}}, {"loguniform": [100.0, 1000.0], "when": {"loss": "b"}}],
    "mixed": [{"int": [1, 2], "when": {"loss": "a"}}, {"uniform": [0.0, 1.0], "when": {"loss": "b"}}],
    "loss": {"choice": ["a", "b"]},
    "same": {"constant": 3},
}


def trial(number, state, scores, stopped_by=None, **config):
    return TrialRecord(
        trial_id=f"s/x/{number:04d}",
        number=number,
        config=config,
        seed=number,
        state=state,
        stopped_by=stopped_by,
        started_at_ms=1_000,
        ended_at_ms=None if state is TrialState.RUNNING else 4_000,
        results=tuple(
            ResultRecord(step=step, at_ms=step, metrics={"val/loss": score}) for step, score in enumerate(scores, 1)
        ),
    )


@pytest.fixture
def outcome():
    search = SearchRecord(
        search_id="s/x",
        key="x",
        cell={},
        metric="val/loss",
        mode="min",
        started_at_ms=0,
        params={"scheduler": "asha(grace_period=1)"},
        space=SPACE,
    )
    trials = [
        trial(0, TrialState.COMPLETE, (0.5, 0.25, 0.75), lr=0.01, loss="a", r=2.0, same=3),
        trial(1, TrialState.STOPPED, (0.9,), "asha", lr=0.1, loss="b", r=500.0, same=3),
        trial(2, TrialState.STOPPED, (0.6, 0.6), "trial_plateau", lr=0.02, loss="a", r=3.0, same=3),
        trial(3, TrialState.DIVERGED, (math.nan,), lr=0.05, loss="b", r=200.0, same=3),
        trial(4, TrialState.RUNNING, (0.1,), lr=0.03, loss="a", r=1.0, same=3),
    ]
    return SearchOutcome(search=search, trials=trials)


def test_optuna_gets_states_values_steps_and_times(outcome):
    """Oracle: cut by the scheduler is PRUNED, by a stopper COMPLETE, diverged FAIL, running is left out."""
    study = add_to_optuna(outcome)
    assert [found.state.name for found in study.trials] == ["COMPLETE", "PRUNED", "COMPLETE", "FAIL"]
    assert study.best_value == 0.25
    assert study.best_params == {"lr": 0.01, "loss": "a", "r": 2.0}
    assert study.trials[0].intermediate_values == {1: 0.5, 2: 0.25, 3: 0.75}
    assert study.trials[0].duration.total_seconds() == 3.0
    assert study.trials[3].intermediate_values == {}


def test_distributions_are_the_studys_own(outcome):
    """Oracle: the space as written; branches joined; a constant is none; kinds that do not join are categorical."""
    found = distributions_of(SPACE, outcome.trials)
    assert found == {
        "lr": FloatDistribution(1e-4, 1e-1, log=True),
        "loss": CategoricalDistribution(("a", "b")),
        "r": FloatDistribution(1.0, 1000.0, log=True),
    }
    mixed = [trial(n, TrialState.COMPLETE, (1.0,), mixed=value, d=8) for n, value in enumerate((1, 0.5))]
    assert distributions_of(SPACE, mixed) == {"mixed": CategoricalDistribution((1, 0.5)), "d": IntDistribution(2, 64)}


def test_exporting_again_replaces_ours_and_leaves_others_alone(outcome, tmp_path):
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    for _ in range(2):
        add_to_optuna(outcome, storage)
    assert optuna.get_all_study_names(storage) == ["s/x"]
    assert len(optuna.load_study(study_name="s/x", storage=storage).trials) == 4
    optuna.delete_study(study_name="s/x", storage=storage)
    optuna.create_study(study_name="s/x", storage=storage)
    with pytest.raises(ForeignStudyError, match="not exported from here"):
        add_to_optuna(outcome, storage)


def test_csv_and_parquet_are_read_back_by_pandas(outcome, tmp_path):
    assert write_trials_csv(tmp_path / "t.csv", [outcome]) == 5
    rows = pd.read_csv(tmp_path / "t.csv")
    assert list(rows["number"]) == [0, 1, 2, 3, 4]
    assert list(rows["state"]) == ["complete", "stopped", "stopped", "diverged", "running"]
    assert write_history_parquet(tmp_path / "h.parquet", [outcome]) == 8
    frame = pd.read_parquet(tmp_path / "h.parquet")
    first = frame[frame["trial"] == 0]
    assert list(zip(first["step"], first["value"], strict=True)) == [(1, 0.5), (2, 0.25), (3, 0.75)]
    assert frame["value"].isna().sum() == 1
    assert {entry.name for entry in tmp_path.iterdir()} == {"t.csv", "h.parquet"}


def test_a_search_without_results_is_exported_too(outcome, tmp_path):
    empty = SearchOutcome(search=outcome.search, trials=[])
    assert add_to_optuna(empty).trials == []
    assert write_history_parquet(tmp_path / "h.parquet", [empty]) == 0
    assert list(pd.read_parquet(tmp_path / "h.parquet").columns)[:3] == ["search", "trial", "step"]
