"""The dynamic-targets paper's printed numbers: each of a search that the study runs, by a metric that it reports."""

from __future__ import annotations

import json
from pathlib import Path

from results.references import load
from tuner.load import load_study
from tuner.plan import plan_study

STUDIES = Path(__file__).parents[2] / "studies"
MEASURED = {"test/accuracy", "test/confidence", "targets/class_value/0", "targets/non_class_value/0"}


def test_every_entry_is_of_a_search_of_the_study() -> None:
    """Oracle: the study's plan."""
    plan = plan_study(load_study(STUDIES / "dynamic_targets.yaml"))
    cells = [{**search.fixed, **search.cell} for search in plan.searches]
    for entry in load("dynamic_targets").entries:
        assert any(entry.cell.items() <= cell.items() for cell in cells), entry
        assert entry.metric in MEASURED | {"targets/separation/max"}


def test_the_papers_words_are_all_there() -> None:
    """Oracle: section 5.2 and 5.5, sentence by sentence."""
    found = {
        (json.dumps(dict(entry.cell)), entry.name): (entry.value, entry.at_least, entry.at_most)
        for entry in load("dynamic_targets").entries
    }
    by_name = {name: value for (_, name), value in found.items()}
    assert by_name["one-hot, accuracy within 3 epochs"] == (None, 90, None)
    assert by_name["soft, accuracy within 3 epochs"] == (None, 90, None)
    assert by_name["mean-nudge, accuracy after 20 epochs"] == (79, None, None)
    assert by_name["sigma spacing, accuracy at epoch 10"] == (40, None, None)
    assert by_name["mean-nudge, confidence"] == by_name["sigma spacing, confidence"] == (100, None, None)
