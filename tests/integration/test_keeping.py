"""What is left of a real search when it is over, and that it can be given more trials after `tuner gc`."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from cluster.connect import Cluster
from tuner import load_study, run
from tuner.gc import sweep
from tuner.home import Home

TOYS = Path(__file__).parent / "toys.py"
STUDY = """
    name: kept
    trainable: toys.py:Keeper
    space: {x: {choice: [0.2, 0.9, 0.5, 0.1]}}
    search: {metric: val/accuracy, mode: max, trials: 3, budget: {max: 2}, searcher: grid}
    final: {seeds: 1}
    checkpoints: {keep: 2}
"""


@pytest.mark.long
@pytest.mark.timeout(400)
def test_the_best_checkpoints_stay_and_serve_a_search_that_goes_on(tmp_path: Path, cluster: Cluster) -> None:
    """Oracle: x is the accuracy: trials 1 and 2 are the best two; the final run of trial 1 keeps its own.

    The fourth
    trial is the worst, so the old winner is measured again from the checkpoint that was kept.
    """
    path, home = tmp_path / "study.yaml", tmp_path / "h"
    path.write_text(dedent(STUDY), encoding="utf-8")
    (tmp_path / "toys.py").write_text(TOYS.read_text(encoding="utf-8"), encoding="utf-8")
    (home / "data").mkdir(parents=True)
    assert run(load_study(path), home=home, cluster=cluster).ok
    folder = home / "studies" / "kept" / "0001" / "searches" / "all"
    kept = ["final/0001@2/00/last.pt", "trials/0001/step-000002.pt", "trials/0002/step-000002.pt"]
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.pt")) == kept
    found = sweep(Home(home), dry_run=False, unused_days=0)
    assert [leftover.path.name for leftover in found.leftovers if leftover.path.is_relative_to(folder)] == ["tune"]
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.pt")) == kept
    grown = run(load_study(path, overrides=["search.trials=4"]), home=home, cluster=cluster)
    assert grown.ok, grown.searches[0].error
    assert grown.searches[0].outcome.best_trial == grown.searches[0].outcome.trials[1]
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.pt")) == kept
