"""Seconds a trial costs beyond its training, against plain Ray Tune with its own MLflow callback.

60 no-op trials of 10 results with 10 metrics each, HyperOpt and ASHA, every metric in MLflow on SQLite. Three sides in
one run, each in a process of its own with a Ray session of its own, started before the clock:

    ours       the orchestrator: searcher, scheduler, ledger, recorder
    default    a plain Ray Tune script with MLflowLoggerCallback, Ray's defaults: a new process for each trial
    reused     the same script with reuse_actors=True

    python benchmarks/overhead.py [--trials 60] [--json]

ASHA gets values that stop nothing, so that all sides report the same number of results. Targets: ours at least 10 times
cheaper than default, 1.5 times than reused.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EPOCHS, METRICS = 10, 10
ROOT = str(Path(__file__).parents[1])
TARGETS = {"default": 10.0, "reused": 1.5}


class NoOp:
    """A Training that reports ten metrics and trains nothing; its value rises with every trial, so ASHA keeps all."""

    def __init__(self, config: Mapping[str, Any], context: Any) -> None:
        self.x, self.context, self.epoch = config["x"], context, 0

    def train_epoch(self) -> dict[str, float]:
        self.epoch += 1
        return {f"metric_{number}": self.x + self.epoch for number in range(METRICS)}

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.epoch = state["epoch"]


def no_op(config: dict[str, Any]) -> None:
    """The same as a Ray Tune function."""
    from ray import tune

    for epoch in range(1, EPOCHS + 1):
        tune.report({"epoch": epoch, **{f"metric_{n}": config["x"] + epoch for n in range(METRICS)}})


def ours(trials: int, folder: Path) -> float:
    """Seconds from the start of the study to its last record, Ray already up."""
    from cluster.connect import ClusterSpec, start

    study = folder / "overhead.yaml"
    study.write_text(
        "name: overhead\ntrainable: benchmarks.overhead:NoOp\nspace: {x: {uniform: [0, 1]}}\n"
        f"search: {{metric: metric_0, mode: max, trials: {trials}, budget: {{max: {EPOCHS}}}, searcher: hyperopt,\n"
        f"  scheduler: {{asha: {{grace_period: {EPOCHS}, reduction_factor: 3}}}}}}\n",
        encoding="utf-8",
    )
    with start(ClusterSpec(kind="local"), home=folder, n_cpus=2) as cluster:
        import hyperopt  # noqa: F401  (all sides have these imported before the clock starts)
        import mlflow  # noqa: F401

        from tuner import load_study, run

        begin_s = time.perf_counter()
        result = run(load_study(study), home=folder, cluster=cluster)
        elapsed_s = time.perf_counter() - begin_s
    results = sum(len(trial.results) for trial in result.searches[0].outcome.trials)
    _check(result.ok and results == trials * EPOCHS, f"{results} results, {result.searches[0].error}")
    return elapsed_s


def plain(trials: int, folder: Path, *, reuse_actors: bool) -> float:
    """The same search as a plain Ray Tune script."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"  # in its favour: no CSV, JSON and TensorBoard files
    from cluster.connect import ClusterSpec, start

    with start(ClusterSpec(kind="local"), home=folder, n_cpus=2):
        import mlflow  # noqa: F401
        from ray import tune
        from ray.air.integrations.mlflow import MLflowLoggerCallback
        from ray.tune.schedulers import ASHAScheduler
        from ray.tune.search.hyperopt import HyperOptSearch

        tuner = tune.Tuner(
            tune.with_resources(no_op, {"cpu": 1}),
            param_space={"x": tune.uniform(0, 1)},
            tune_config=tune.TuneConfig(
                metric="metric_0",
                mode="max",
                num_samples=trials,
                max_concurrent_trials=1,
                reuse_actors=reuse_actors,
                search_alg=HyperOptSearch(random_state_seed=1),
                scheduler=ASHAScheduler(time_attr="epoch", max_t=EPOCHS, grace_period=EPOCHS, reduction_factor=3),
            ),
            run_config=tune.RunConfig(
                storage_path=str(folder),
                verbose=0,
                callbacks=[MLflowLoggerCallback(f"sqlite:///{folder / 'mlflow.db'}", experiment_name="plain")],
            ),
        )
        begin_s = time.perf_counter()
        grid = tuner.fit()
        elapsed_s = time.perf_counter() - begin_s
    _check(len(grid) == trials and not grid.errors, f"{len(grid)} trials, {grid.errors}")
    return elapsed_s


def _check(fine: bool, what: str) -> None:
    if not fine:
        raise RuntimeError(f"a side did not do its work: {what}")


def default(trials: int, folder: Path) -> float:
    """Ray's defaults."""
    return plain(trials, folder, reuse_actors=False)


def reused(trials: int, folder: Path) -> float:
    """Ray with reuse_actors=True."""
    return plain(trials, folder, reuse_actors=True)


SIDES = {side.__name__: side for side in (ours, reused, default)}


def measure(side: str, trials: int) -> float:
    """Run one side in a process of its own; seconds a trial."""
    command = [sys.executable, __file__, "--side", side, "--trials", str(trials)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  (this file)
    return float(done.stdout.splitlines()[-1]) / trials


def main() -> None:
    """Measure all sides and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--side", choices=SIDES, help="measure one side only and print its seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    sys.path.insert(0, ROOT)
    os.environ["PYTHONPATH"] = os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")])
    if options.side:
        with tempfile.TemporaryDirectory(prefix="o") as folder:
            print(SIDES[options.side](options.trials, Path(folder)))
        return
    seconds = {side: measure(side, options.trials) for side in SIDES}
    ratios = {name: seconds[name] / seconds["ours"] for name in TARGETS}
    if options.json:
        print(json.dumps({"seconds_per_trial": seconds, "ratios": ratios, "targets": TARGETS}))
        return
    for name, value in seconds.items():
        print(f"{name:8} {value * 1000:8.0f} ms a trial")
    for name, target in TARGETS.items():
        print(f"{name} / ours = {ratios[name]:.1f}  (target {target})")


if __name__ == "__main__":
    main()
