"""Tables parsed back: Markdown and CSV by hand-written readers, cells by the records they came from."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord, TrialState
from results.tables import Table, best_models, cell_text, count_states, duration_s, trials_table


def search(key: str, **cell) -> SearchRecord:
    return SearchRecord(
        search_id=f"s/{key}", key=key, cell=cell, metric="val/accuracy", mode="max", started_at_ms=0, params={}
    )


def trial(number: int, state: TrialState, accuracies, **config) -> TrialRecord:
    return TrialRecord(
        trial_id=f"s/x/{number:04d}",
        number=number,
        config=config,
        seed=0,
        state=state,
        started_at_ms=1_000,
        ended_at_ms=None if state is TrialState.RUNNING else 3_500,
        results=tuple(
            ResultRecord(step=step, at_ms=step, metrics={"val/accuracy": value})
            for step, value in enumerate(accuracies, start=1)
        ),
    )


OUTCOMES = [
    SearchOutcome(
        search=search("cosine", loss="cosine"),
        trials=[
            trial(0, TrialState.COMPLETE, (0.5, 0.75, 0.25), loss="cosine", lr=0.001),
            trial(1, TrialState.STOPPED, (0.1, math.nan), loss="cosine", lr=0.1),
            trial(2, TrialState.CRASHED, (0.99,), loss="cosine", lr=1.0),
        ],
        test_metrics={"test/accuracy": 0.7},
        model="s-cosine/2",
    ),
    SearchOutcome(search=search("pure", loss="cross_entropy", depth=3), trials=[trial(0, TrialState.DIVERGED, ())]),
]


def test_best_models_takes_the_best_step_of_the_best_trial_that_did_not_fail():
    first, second = best_models(OUTCOMES).records()
    assert first == {
        "search": "cosine",
        "loss": "cosine",
        "depth": None,
        "val/accuracy": 0.75,
        "step": 2,
        "trial": "s/x/0000",
        "test/accuracy": 0.7,
        "config": {"lr": 0.001},
        "model": "s-cosine/2",
        "trials": 3,
        "states": {"complete": 1, "crashed": 1, "stopped": 1},
    }
    assert second["search"] == "pure"
    assert second["val/accuracy"] is None
    assert second["trial"] is None
    assert second["states"] == {"diverged": 1}


def test_trials_table_has_one_row_a_trial():
    table = trials_table(OUTCOMES)
    assert len(table.rows) == 4
    first, second, third, fourth = table.records()
    assert (first["search"], first["number"], first["loss"], first["lr"]) == ("cosine", 0, "cosine", 0.001)
    assert (first["best_step"], first["val/accuracy"], first["duration_s"]) == (2, 0.75, 2.5)
    assert (second["state"], third["state"], fourth["best_step"]) == ("stopped", "crashed", None)


def test_a_parameter_named_like_a_column_or_a_metric_keeps_apart():
    record = replace(trial(0, TrialState.COMPLETE, (0.5,)), config={"number": 7, "val/accuracy": "x"})
    (row,) = trials_table([SearchOutcome(search=search("a"), trials=[record])]).records()
    assert (row["number"], row["config/number"]) == (0, 7)
    assert (row["val/accuracy"], row["best/val/accuracy"]) == ("x", 0.5)


def test_markdown_and_csv_are_parsed_back():
    table = Table(("a|b", "n"), (("x|y\nz", 1 / 3), (None, 2), ({"lr": 0.5, "k": 1}, True)))
    header, rule, *lines = table.markdown().splitlines()
    assert header == "| a\\|b | n |"
    assert rule == "| --- | --- |"
    assert lines == ["| x\\|y z | 0.333333 |", "|  | 2 |", "| lr=0.5, k=1 | True |"]
    rows = list(csv.reader(io.StringIO(table.csv())))
    assert rows == [["a|b", "n"], ["x|y\nz", repr(1 / 3)], ["", "2"], ["lr=0.5, k=1", "True"]]


def test_small_things():
    assert cell_text(None) == ""
    assert cell_text(1e-4) == "0.0001"
    assert count_states(OUTCOMES[0].trials) == {"complete": 1, "crashed": 1, "stopped": 1}
    assert duration_s(trial(0, TrialState.RUNNING, ())) is None
    assert best_models([]).rows == ()
