"""The curve of `tuner show`, whose other lines are tested with `tuner trials`. Oracle: counted by hand."""

from __future__ import annotations

import math

from results.records import ResultRecord, SearchRecord
from tuner.cli.show import curve

SEARCH = SearchRecord(search_id="s/a", key="a", cell={}, metric="m", mode="max", started_at_ms=0)


def results(values: list[float]) -> list[ResultRecord]:
    return [ResultRecord(step=step, at_ms=step, metrics={"m": value}) for step, value in enumerate(values, start=1)]


def test_many_steps_are_thinned_but_the_best_and_the_last_stay() -> None:
    header, *lines = curve(results([float(step != 50) + (step == 42) for step in range(100)]), SEARCH)
    assert header.endswith("(every 3. step)")
    steps = [int(line.split()[0]) for line in lines]
    assert steps == sorted({*range(1, 101, 3), 43, 100})
    assert [line.split()[0] for line in lines if line.endswith("*")] == ["43"]


def test_nothing_finite_has_no_bars_and_no_best() -> None:
    assert curve(results([math.nan, math.inf]), SEARCH) == ["  step  m", "     1  nan", "     2  inf"]
    assert curve([], SEARCH) == ["m was never reported"]


def test_equal_values_mark_the_earliest() -> None:
    assert curve(results([1.0, 1.0]), SEARCH)[1:] == ["     1  1            *", "     2  1"]
