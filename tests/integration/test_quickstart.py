"""What a new user sees first: the quickstart by the command line, then the verbs that look at it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


def _tuner(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tuner", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_the_quickstart_finds_good_models_and_every_part_acts(tmp_path: Path) -> None:
    """Oracle: above 0.95 on validation; ASHA and the plateau stopper both stop trials; conditions hold."""
    home = str(tmp_path / "q")
    done = _tuner("run", "studies/quickstart.yaml", "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["elapsed_s"] < 180  # 90 on an idle machine of two cores
    assert max(search["best"]["metrics"]["val/accuracy"] for search in facts["searches"]) > 0.95
    assert all(search["model"] for search in facts["searches"])

    listed = _tuner("trials", "quickstart", "--home", home, "--json")
    assert listed.returncode == 0, listed.stderr
    trials = json.loads(listed.stdout)["trials"]
    assert len(trials) == 32
    assert {"asha", "trial_plateau"} <= {trial["stopped_by"] for trial in trials}
    for trial in trials:
        assert ("embedding_dim" in trial["config"]) == (trial["search"] != "cross_entropy")
        assert ("r" in trial["config"]) == (trial["search"] == "class_proximity")

    for words in (["best", "quickstart"], ["show", trials[0]["trial"]], ["trials", "quickstart", "--csv"]):
        told = _tuner(*words, "--home", home)
        assert told.returncode == 0, told.stderr
        assert told.stdout.strip()
        assert "Traceback" not in told.stderr
