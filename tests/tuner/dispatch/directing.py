"""A search over one number, driven without a cluster: what tests of the Director share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from search_spaces.space import Space
from tuner.dispatch.director import Director
from tuner.dispatch.ledger import Ledger
from tuner.plan import Plugin, Resources, Search


def make_search(**changes: Any) -> Search:
    """A search over one number, `x` in 0..1, that maximises `val/accuracy` over at most 9 epochs."""
    search = Search(
        key="all",
        cell={},
        fixed={},
        space=Space.parse({"x": {"uniform": [0.0, 1.0]}}),
        start_with=(),
        seed=1,
        trainable="unused",
        metric="val/accuracy",
        mode="max",
        trials=6,
        budget_key="epoch",
        budget_max=9,
        max_concurrent=1,
        searcher=Plugin("random"),
        scheduler=Plugin("fifo"),
        stoppers=(),
        resources=Resources(),
    )
    return replace(search, **changes)


class Clock:
    """A clock that only moves when told to, so that ledgers can be compared."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def open_director(search: Search, folder: Path, now: Callable[[], float] | None = None) -> Director:
    return Director(search, Ledger(folder / "ledger.jsonl"), now=now or Clock())


def drive(director: Director, curve: Callable[[float, int], float], *, kill_after: int | None = None) -> int:
    """Train the trials one at a time with a made-up learning curve; returns how many results were given."""
    given = 0
    while (suggestion := director.suggest()) is not None:
        director.started(suggestion.number)
        step = suggestion.done
        stop = False
        while not stop:
            step += 1
            value = curve(suggestion.config["x"], step)
            if kill_after is not None and given == kill_after:
                return given
            stop = director.result(suggestion.number, {"epoch": step, "val/accuracy": value, "time/epoch_s": 0.1})
            given += 1
        director.end(suggestion.number)
    return given


def events(folder: Path, *kinds: str) -> list[dict[str, Any]]:
    """The ledger without clocks, sessions and starts: what must be equal between two runs."""
    kept = kinds or ("suggest", "result", "end", "search_end")
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "clock"} for line in lines if line["event"] in kept]


def rising(x: float, step: int) -> float:
    return x * (1 - 0.5**step)
