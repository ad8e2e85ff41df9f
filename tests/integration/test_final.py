"""The best configuration, trained anew on fresh seeds after selection, through real Ray into real MLflow."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from results.records import TrialRecord, TrialState, mean_test_metrics
from results.samples import sample
from results.statistics import mean_half_width
from results.store import Store
from results.summary import summary
from trainables.training import TrialContext
from tuner import InputError, RunResult
from tuner.dispatch.finals import FinalTask, train_final
from tuner.dispatch.trial import Runtime
from tuner.home import Home
from tuner.keys import final_seed

RunStudy = Callable[..., RunResult]
TEXT = """
    name: {name}
    trainable: toys.py:Finalist
    grid: {{shift: [1, 2]}}
    fixed: {fixed}
    space: {{x: {{uniform: [0, 1]}}}}
    search: {{metric: val/accuracy, mode: max, trials: 2, budget: {{max: 3}}, seed: 7}}
    final: {{seeds: {seeds}}}
    """


@pytest.fixture
def opened(home: Path) -> Path:
    path = Home(home).prepared / "opened.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    return path


def test_each_search_ends_with_its_winner_on_seeds_that_all_searches_share(
    run_study: RunStudy, home: Path, opened: Path
) -> None:
    """Oracle: the toy's formula at the best trial's x; seeds by `final_seed`; the test split opened once a seed."""
    result = run_study(TEXT.format(name="finals", fixed="{}", seeds=2))
    seeds = [final_seed(7, 0), final_seed(7, 1)]
    for found in result.searches:
        outcome, best = found.outcome, found.outcome.best_trial
        assert best is not None
        assert [final.seed for final in outcome.finals] == seeds
        assert all(dict(final.config) == dict(best.config) for final in outcome.finals)
        for final in outcome.finals:
            assert [r.step for r in final.results] == [1, 2, 3]
            assert {r.metrics["final"] for r in final.results} == {1.0}
            assert final.results[-1].metrics["test/accuracy"] == pytest.approx(best.config["x"] * 0.875)
        assert {r.metrics["final"] for trial in outcome.trials for r in trial.results} == {0.0}
        assert outcome.test_metrics["test/seed"] == pytest.approx(sum(seeds) / 2)
    lines = opened.read_text(encoding="utf-8").split("\n")[:-1]
    assert sorted(lines) == sorted(f"{seed} True 3" for seed in seeds * 2)

    # growing the seeds trains the missing one alone; running once more trains nothing
    grown = run_study(TEXT.format(name="finals", fixed="{}", seeds=3))
    again = run_study(TEXT.format(name="finals", fixed="{}", seeds=3))
    assert [len(found.outcome.finals) for found in grown.searches] == [3, 3]
    assert not again.ran
    assert [found.outcome.finals for found in again.searches] == [found.outcome.finals for found in grown.searches]
    assert len(opened.read_text(encoding="utf-8").split("\n")[:-1]) == 6

    # the store has each as a run of its own kind under its search, and gives back the same records
    uri = Home(home).tracking_uri
    read = {outcome.search.key: outcome for outcome in Store(uri).outcomes("finals")}
    client = MlflowClient(uri)
    for found in grown.searches:
        stored = read[found.outcome.search.key]
        assert [f.seed for f in stored.finals] == [f.seed for f in found.outcome.finals]
        assert [f.results[-1].metrics for f in stored.finals] == [f.results[-1].metrics for f in found.outcome.finals]
        experiment = client.get_experiment_by_name("finals")
        assert experiment is not None
        query = f"tags.`tuner.kind` = 'final' and tags.`mlflow.parentRunId` = '{stored.run_id}'"
        runs = client.search_runs([experiment.experiment_id], query)
        assert len(runs) == 3
        assert {run.info.status for run in runs} == {"FINISHED"}
        values = sample(stored, "test/seed").values
        (row,) = summary([stored]).records()
        assert sorted(values) == sorted(f.results[-1].metrics["test/seed"] for f in stored.finals)
        half = mean_half_width([f.results[-1].metrics["test/accuracy"] for f in stored.finals])
        assert row["test/accuracy"] == f"{stored.test_metrics['test/accuracy']:.4f} ± {half:.4f} (n=3)"


def test_a_final_run_that_fails_is_told_and_left_out_of_the_mean(run_study: RunStudy, opened: Path) -> None:
    """Oracle: the toy fails on odd seeds."""
    result = run_study(TEXT.format(name="failing", fixed="{fails: true}", seeds=4))
    for found in result.searches:
        finals = found.outcome.finals
        odd = [final for final in finals if final.seed % 2]
        assert odd, "a seed that is odd is needed"
        assert {final.state for final in odd} == {TrialState.CRASHED}
        assert all("an odd seed" in (final.error or "") for final in odd)
        even = [float(final.seed) for final in finals if final.seed % 2 == 0]
        assert found.outcome.test_metrics.get("test/seed") == (pytest.approx(sum(even) / len(even)) if even else None)


def test_a_foreign_trainable_has_no_final_runs(run_study: RunStudy) -> None:
    text = TEXT.format(name="untested", fixed="{}", seeds=2).replace("toys.py:Finalist", "toys.py:Troubled")
    with pytest.raises(InputError, match=r"final: .*test\(\)"):
        run_study(text)
    # nothing was started, so the study may be mended as one likes and keeps its name
    mended = run_study(TEXT.format(name="untested", fixed="{}", seeds=1))
    assert mended.study_id == "untested"
    assert [len(found.outcome.finals) for found in mended.searches] == [1, 1]


class Steps:
    """A training whose metric depends on all its epochs; dies in the epoch that `dies_at` names."""

    dies_at = 0

    def __init__(self, config: dict[str, float], context: TrialContext) -> None:
        self.config, self.context, self.value, self.epoch = config, context, float(context.seed), 0

    def train_epoch(self) -> dict[str, float]:
        self.epoch += 1
        if self.epoch == Steps.dies_at:
            raise KeyboardInterrupt
        self.value = self.value * 0.5 + self.epoch
        return {"val": self.value}

    def test(self) -> dict[str, float]:
        return {"test/value": self.value}

    def state_dict(self) -> dict[str, float]:
        return {"value": self.value, "epoch": self.epoch}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.value, self.epoch = state["value"], int(state["epoch"])


def test_a_final_run_that_was_cut_goes_on_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the run that was not cut."""
    runtime = Runtime(
        name="s/x",
        data_dir=tmp_path,
        cache_dir=tmp_path,
        trials_dir=tmp_path,
        metric="val",
        mode="max",
        last_epoch=5,
        device="cpu",
        precision="fp32",
        threads=1,
        test_every_epoch=False,
    )
    record = TrialRecord(
        trial_id="s/x/0000@5/final-00", number=0, config={}, seed=3, state=TrialState.RUNNING, started_at_ms=0
    )
    tasks = []
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
        tasks.append(
            FinalTask(training=Steps, config={}, runtime=runtime, record=record, last=5, folder=tmp_path / name)
        )
    whole = train_final(tasks[0])
    monkeypatch.setattr(Steps, "dies_at", 4)
    with pytest.raises(KeyboardInterrupt):
        train_final(tasks[1])
    monkeypatch.setattr(Steps, "dies_at", 0)
    cut = train_final(tasks[1])

    def compared(final: TrialRecord) -> list[dict[str, float]]:
        return [{k: v for k, v in r.metrics.items() if not k.startswith("time/")} for r in final.results]

    assert compared(cut) == compared(whole)
    assert [r.step for r in cut.results] == [1, 2, 3, 4, 5]
    assert mean_test_metrics([cut]) == {"test/value": whole.results[-1].metrics["test/value"]}
    clockless = {"results": (), "started_at_ms": 0, "ended_at_ms": 0}
    assert dataclasses.replace(cut, **clockless) == dataclasses.replace(whole, **clockless)
