"""The ledger that a search must leave whose trials crashed where a given ledger says: no kill, no cluster."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oracle import ledger_lines
from toys import Walk
from wreck import STUDY

from results.records import TrialState
from tuner import load_study, plan_study
from tuner.dispatch.director import Director
from tuner.dispatch.ledger import Ledger

HERE = Path(__file__).parent


def uninterrupted(lines: Sequence[str]) -> list[str]:
    """Train the same study in this process, one trial at a time, with the crashes of these lines and no others."""
    crashes = _crashes(lines)
    with tempfile.TemporaryDirectory() as temporary:
        study, path = Path(temporary) / "chaos.yaml", Path(temporary) / "ledger.jsonl"
        study.write_text(STUDY.replace("toys.py", str(HERE / "toys.py")), encoding="utf-8")
        search = plan_study(load_study(study)).searches[0]
        director = Director(search, Ledger(path))
        while (suggestion := director.suggest()) is not None:
            training = Walk({**suggestion.config, "epoch_s": 0.0, "gate": "/"}, None)
            crashes_after, error = crashes.get(suggestion.number, (search.budget_max + 1, ""))
            stop = False
            while not stop and training.epoch < crashes_after:
                metrics = training.train_epoch()
                stop = director.result(suggestion.number, {"epoch": training.epoch, **metrics})
            director.end(suggestion.number, crash=None if stop else (TrialState.CRASHED, error))
        return ledger_lines(path)


def _crashes(lines: Sequence[str]) -> dict[int, tuple[int, str]]:
    """After which step each crashed trial did so, and what it said."""
    steps: dict[int, int] = {}
    found: dict[int, tuple[int, str]] = {}
    for line in lines:
        event: dict[str, Any] = json.loads(line + "}")
        if event["event"] == "result":
            steps[event["trial"]] = event["step"]
        elif event["event"] == "end" and event["state"] == "crashed":
            found[event["trial"]] = (steps.get(event["trial"], 0), event["error"])
    return found
