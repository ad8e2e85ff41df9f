"""What other schedulers and stoppers would have made of a study whose trials all ran to the end.

    python benchmarks/early_stopping.py STUDY [--home runs] [--json]

Replays the recorded curves, trial after trial, through the same objects that decide in a real search. Prints for each
setting the share of epochs that would have been run, and how much of the best value would have been lost, as the mean
over the study's searches, failed trials left out. The study must have been run with `scheduler: fifo` and no stoppers.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from results.records import TrialState
from tuner import load_study, plan_study
from tuner.dispatch.schedulers import build_decider
from tuner.dispatch.stoppers import Verdict, build_stopper
from tuner.home import Home
from tuner.outcomes import read_trials
from tuner.plan import Plugin, Search
from tuner.study_folder import latest

Curve = Sequence[tuple[int, float]]  # (step, value), higher is better
FIFO = Plugin("fifo")
SETTINGS: dict[str, tuple[Plugin, tuple[Plugin, ...]]] = {
    "none": (FIFO, ()),
    **{
        f"asha grace {grace} reduction {reduction}": (
            Plugin("asha", {"grace_period": grace, "reduction_factor": reduction, "brackets": 1}),
            (),
        )
        for grace in (1, 3)
        for reduction in (2, 3, 4)
    },
    **{
        f"plateau patience {patience} delta {delta:g}": (
            FIFO,
            (Plugin("trial_plateau", {"patience": patience, "min_delta": delta, "relative": False}),),
        )
        for patience in (2, 4)
        for delta in (0.001, 0.01)
    },
}


class Replayed(NamedTuple):
    """epochs: share of the full budget that was run. lost: best value of all trials minus the best one found."""

    epochs: float
    lost: float


def replay(search: Search, curves: Sequence[Curve], setting: tuple[Plugin, tuple[Plugin, ...]]) -> Replayed:
    """Run the curves one after another under a scheduler and stoppers."""
    scheduler, stoppers = setting
    decider = build_decider(replace(search, scheduler=scheduler))
    watching = [build_stopper(plugin, mode="max", trials=search.trials) for plugin in stoppers]
    used, found = 0, -float("inf")
    for number, curve in enumerate(curves):
        decider.add(number)
        for step, value in curve:
            used, found = used + 1, max(found, value)
            verdicts = [stopper.on_result(number, step, value) for stopper in watching]
            last = step >= search.budget_max
            if last or any(it is not Verdict.CONTINUE for it in verdicts) or decider.should_stop(number, step, value):
                decider.end(number, step, value)
                break
    return Replayed(used / sum(map(len, curves)), max(value for curve in curves for _, value in curve) - found)


def main() -> None:
    """Replay a study under every setting and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--home", type=Path, default=Path("runs"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    plan = plan_study(load_study(options.study))
    folder = latest(Home(options.home.absolute()), plan.study.name)
    if folder is None:
        parser.error(f"{plan.study.name} was not run in {options.home}")
    rows: list[dict[str, Any]] = []
    for name, setting in SETTINGS.items():
        results = []
        for search in plan.searches:
            sign = 1.0 if search.mode == "max" else -1.0
            trials = read_trials(folder.search(search.key), search.key)
            whole = [trial for trial in trials if trial.state is TrialState.COMPLETE]
            curves = [[(r.step, sign * r.metrics[search.metric]) for r in trial.results] for trial in whole]
            if len(curves) > 1:  # where all but one trial failed there is nothing to compare
                results.append(replay(search, curves, setting))
        rows.append(
            {
                "setting": name,
                "epochs": statistics.mean(result.epochs for result in results),
                "lost": statistics.mean(result.lost for result in results),
                "worst_lost": max(result.lost for result in results),
            }
        )
    if options.json:
        print(json.dumps(rows))
        return
    print("| setting | epochs run | best value lost, mean | worst |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['setting']} | {row['epochs']:.0%} | {row['lost']:.4f} | {row['worst_lost']:.4f} |")


if __name__ == "__main__":
    main()
