"""The driver killed at random moments, without a cluster: as cheap as kills get, so there are many of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from lives import TRIALS
from oracle import check_mlflow, check_nothing_left, explain, ledger_lines

HERE = Path(__file__).parent
KILLS = 30  # in `make test-all`
pytestmark = [pytest.mark.long, pytest.mark.timeout(3_600)]


def _live(home: Path, kills: int, seed: int) -> Path:
    """Returns the ledger that the lives left."""
    home.mkdir()
    command = [sys.executable, str(HERE / "lives.py"), str(home), str(kills), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, explain(done.stderr, seed=seed)
    return home / "studies" / "story" / "0001" / "searches" / "all" / "ledger.jsonl"


def test_a_search_of_many_lives_leaves_the_records_of_one(tmp_path: Path, seed: int, n_kills: int | None) -> None:
    """Oracle: the ledger of an uninterrupted run, byte for byte but for the clock; MLflow's tables."""
    whole = _live(tmp_path / "whole", 0, 0)
    left = n_kills or KILLS
    while left > 0:
        kills = min(left, KILLS)
        home = tmp_path / f"killed-{seed}"
        ledger = _live(home, kills, seed)
        assert ledger.read_text().count('"event":"session"') > 1
        assert ledger_lines(ledger) == ledger_lines(whole), explain("the ledgers differ", seed=seed)
        assert sum(line.startswith('{"event":"end"') for line in ledger_lines(ledger)) == TRIALS
        check_mlflow(home / "mlflow.db", ledger, "story/all")
        check_nothing_left(home)
        left, seed = left - kills, seed + 1
