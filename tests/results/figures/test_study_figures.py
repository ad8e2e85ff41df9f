"""Figures across the searches of a study, by hand-worked examples: data first, then that all of them can be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from results.figures import against, cells, over_epochs, recall_table, tuned_accuracy
from results.figures.catalog import STUDY_FIGURES
from results.figures.gallery import draw_all
from results.figures.source import NotDrawnError, Source, StudySource
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState

NAN = float("nan")
NAMES = (
    "accuracy_over_epochs",
    "loss_over_epochs",
    "separation_over_epochs",
    "accuracy_against_separation",
    "accuracy_against_confidence",
    "tuned_accuracy",
    "recall_table",
)
Epochs = Sequence[Mapping[str, float]]
accuracy = partial(over_epochs.data, what="of {split}", metrics=("test/accuracy", "val/accuracy"))
separation = partial(against.data, what="x of {split}", metric="targets/separation/mean", whole=True)
confidence = partial(against.data, what="x of {split}", metric="{split}/confidence", whole=False)


def epochs(*values: float, metric: str = "val/accuracy", **more: Sequence[float]) -> Epochs:
    """One mapping an epoch; `more` by the metric's name with / written as __."""
    columns = {metric: values, **{name.replace("__", "/"): column for name, column in more.items()}}
    return [{name: column[n] for name, column in columns.items()} for n in range(len(values))]


def search(cell: Mapping[str, Any], *runs: Epochs, state: TrialState = TrialState.COMPLETE, **params: Any) -> Source:
    record = SearchRecord(
        search_id=f"s/{cell}",
        key=str(cell),
        cell=cell,
        metric="val/accuracy",
        mode="max",
        started_at_ms=0,
        params={"budget": "40 epoch", **params},
    )
    trials = [
        TrialRecord(
            trial_id=f"s/{cell}/{number:04d}",
            number=number,
            config={},
            seed=number,
            state=state,
            started_at_ms=0,
            results=tuple(ResultRecord(step=n, at_ms=n, metrics=metrics) for n, metrics in enumerate(run, 1)),
        )
        for number, run in enumerate(runs)
    ]
    return Source(outcome=SearchOutcome(search=record, trials=trials), load=dict)


def study(*searches: Source) -> StudySource:
    record = StudyRecord(
        study_id="s", name="s", metric="val/accuracy", mode="max", source="", fingerprint="f", started_at_ms=0
    )
    return StudySource(study=record, searches=searches)


FAILED = search({"loss": "c"}, epochs(0.9, 0.9), state=TrialState.DIVERGED)


def test_labels_say_what_differs() -> None:
    """Oracle: by hand. A number and a truth value need their factor's name, a text does not."""
    assert cells.labels([{"loss": "a", "lr": 1, "m": "x"}, {"loss": "b", "lr": 1, "m": "x"}]) == ("a", "b")
    assert cells.labels([{"flip": True, "n": None}, {"flip": "once", "n": 10}]) == (
        "flip=true, n=null",
        "flip=once, n=10",
    )
    assert cells.labels([{"loss": "a"}]) == ("the only search",)
    assert cells.labels([]) == ()


def test_long_labels_leave_out_what_most_share_while_they_differ() -> None:
    """Oracle: by hand: of three cells two have `usual`, and what is rare tells the third from them."""
    long = "a_value_of_which_the_text_is_long_" * 2
    given = [{"a": long, "b": 1, "c": 0}, {"a": long, "b": 2, "c": 0}, {"a": "rare", "b": 1, "c": 0}]
    assert cells.labels(given) == ("as most", "b=2", "rare")
    assert cells.labels([{"a": long, "b": n} for n in range(3)]) == ("b=0", "b=1", "b=2")


def test_panels_hold_eight_at_most() -> None:
    """Oracle: counting. 3 x 4 searches make a panel for each value of the first factor; 5 x 5 x 5 are refused."""
    grid = [{"a": a, "b": b} for a in "xyz" for b in "klmn"]
    assert [(panel.title, len(panel.members)) for panel in cells.panels(grid)] == [("x", 4), ("y", 4), ("z", 4)]
    assert cells.panels(grid)[1].members == ((4, "k"), (5, "l"), (6, "m"), (7, "n"))
    assert [panel.title for panel in cells.panels(grid[:8])] == [""]
    with pytest.raises(NotDrawnError, match="125 searches are too many"):
        cells.panels([{"a": a, "b": b, "c": c} for a in "12345" for b in "12345" for c in "12345"])


def test_step_names() -> None:
    assert cells.step_name(search({}).search) == "epoch"
    assert cells.step_name(search({}, passes_per_epoch=1).search) == "epoch"
    assert cells.step_name(search({}, passes_per_epoch=50).search) == "epoch (of 50 passes over the training images)"


def test_over_epochs() -> None:
    """Oracle: means, lowest and highest by hand; NaN and a failed search leave no trace, a short run an early one."""
    twice = search({"loss": "a"}, epochs(0.25, 0.5, 0.5), epochs(0.75, NAN))
    data = accuracy(study(twice, search({"loss": "b"}, epochs(0.5, 0.75)), FAILED, search({"loss": "d"})))
    (panel,) = data.panels
    assert panel.bands == (
        ("a", (1, 2, 3), (0.5, 0.5, 0.5), (0.25, 0.5, 0.5), (0.75, 0.5, 0.5), 2),
        ("b", (1, 2), (0.5, 0.75), (0.5, 0.75), (0.5, 0.75), 1),
    )
    assert (panel.title, data.log, data.what, data.step) == ("", False, "of validation", "epoch")
    with pytest.raises(NotDrawnError, match="no search reported test/accuracy or val/accuracy at two steps"):
        accuracy(study(search({}, epochs(0.5)), FAILED))


def test_over_epochs_takes_test_images_only_where_no_search_is_lost_by_it() -> None:
    """Oracle: the metric's name. One of two searches lacks the test metric, so both are shown by validation."""
    tested = search({"loss": "a"}, epochs(0.5, 0.6, test__accuracy=(0.1, 0.2)))
    assert accuracy(study(tested)).panels[0].bands[0].mean == (0.1, 0.2)
    both = accuracy(study(tested, search({"loss": "b"}, epochs(0.5, 0.75))))
    assert both.what == "of validation"
    assert [band.mean for band in both.panels[0].bands] == [(0.5, 0.6), (0.5, 0.75)]


@pytest.mark.parametrize(("low", "log"), [(1.0, False), (0.01, True), (-1.0, False)])
def test_over_epochs_is_logarithmic_over_decades_of_positive_values(low: float, log: bool) -> None:
    assert accuracy(study(search({}, epochs(1.0, low)))).log is log


def test_unfinished_runs_count_where_there_are_no_others() -> None:
    """Oracle: by hand: the run that has not ended is left out beside one that has."""
    running = search({"loss": "a"}, epochs(0.5, 0.75), state=TrialState.RUNNING)
    assert accuracy(study(running)).panels[0].bands[0].runs == 1
    ended = search({"loss": "a"}, epochs(0.5, 0.5)).outcome.trials
    mixed = Source(
        outcome=SearchOutcome(search=running.search, trials=[*running.outcome.trials, *ended]),
        load=dict,
    )
    assert accuracy(study(mixed)).panels[0].bands[0].mean == (0.5, 0.5)


def test_against() -> None:
    """Oracle: the pairs above each other; an epoch without one of the two is left out, as is who has none."""
    way = epochs(0.25, 0.5, 0.75, targets__separation__mean=(0.1, NAN, 0.3))
    data = separation(study(search({"loss": "a"}, way, way[:1]), search({"loss": "b"}, epochs(0.5, 0.5)), FAILED))
    assert data.panels == (("", (("the only search", (((0.1, 0.3), (0.25, 0.75)), ((0.1,), (0.25,)))),)),)
    assert (data.x, data.y) == ("x of validation", "accuracy (share of validation images)")
    last = confidence(study(search({}, epochs(0.2, 0.4, metric="val/accuracy", val__confidence=(0.9, 0.8)))))
    assert last.panels[0][1][0][1] == (((0.8,), (0.4,)),)
    with pytest.raises(NotDrawnError, match="no run reported val/confidence together with val/accuracy"):
        confidence(study(search({}, epochs(0.5, 0.5))))


def test_tuned_accuracy() -> None:
    """Oracle: the last epoch of each run; a run without one of the two is left out."""
    tuned = {"val__accuracy__default": (0.1, 0.5), "val__accuracy__tuned": (0.2, 0.75)}
    better = {**tuned, "val__accuracy__default": (1.0, 0.25)}
    runs = epochs(0.5, 0.5, **tuned), epochs(0.5), epochs(0.5, 0.5, **better)
    data = tuned_accuracy.data(study(search({"loss": "a"}, *runs), search({"loss": "b"}, epochs(0.5)), FAILED))
    assert data == (((("", (("the only search", (0.5, 0.25), (0.75, 0.75)),)),)), "validation")
    with pytest.raises(NotDrawnError, match="val/accuracy/default"):
        tuned_accuracy.data(study(FAILED))


def test_recall_table() -> None:
    """Oracle: means over the runs' last epochs by hand; a class that a search never measured is NaN."""
    one = epochs(0.5, 0.5, val__recall__0=(0.0, 0.5), val__recall__10=(0.0, 1.0))
    two = epochs(0.5, 0.5, val__recall__0=(0.0, 0.25), val__recall__10=(0.0, NAN))
    other = search({"loss": "b"}, epochs(0.5, 0.5, val__recall__10=(0.0, 0.125)))
    data = recall_table.data(study(search({"loss": "a"}, one, two), other, FAILED))
    assert (data.rows, data.classes, data.split) == (("a", "b"), ("0", "10"), "validation")
    assert data.recalls == (pytest.approx((0.375, 1.0)), pytest.approx((NAN, 0.125), nan_ok=True))
    with pytest.raises(NotDrawnError, match="val/recall/0"):
        recall_table.data(study(FAILED))


def whole_study() -> StudySource:
    """Three by four searches that reported everything, one of them failed, one run only or two."""
    more = {
        "train__loss": (3.0, 0.01),
        "targets__separation__mean": (0.1, 0.5),
        "val__confidence": (0.5, 0.6),
        "val__accuracy__default": (0.5, 0.6),
        "val__accuracy__tuned": (0.5, 0.7),
        "val__recall__0": (0.25, 0.375),
        "val__recall__1": (1.0, NAN),
    }
    runs = epochs(0.5, 0.75, **more), epochs(0.25, 0.5, **more)
    found = [search({"data": d, "loss": loss}, *runs[: 1 + (loss == "l")]) for d in "xyz" for loss in "klmn"]
    return study(*found, FAILED)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_study_is_drawn_with_named_axes(name: str) -> None:
    """Oracle: the figure's own labels or those of its axes are there; one search alone is drawn too."""
    figure = STUDY_FIGURES[name]
    for given in (whole_study(), study(whole_study().searches[0])):
        canvas = figure.draw(figure.data(given))
        assert any(axes.get_xlabel() for axes in canvas.axes)
        assert figure.about
        if len(canvas.axes) == 1:
            assert canvas.axes[0].get_ylabel() or name == "tuned_accuracy"  # its rows are named


def test_study_figures_are_written_and_the_rest_is_told(tmp_path: Path) -> None:
    """Oracle: the catalogue; a study whose only trial failed has none of them, each with its reason."""
    written = draw_all(study(whole_study().searches[0]), tmp_path, {"tuned_accuracy": STUDY_FIGURES["tuned_accuracy"]})
    assert all(file.is_file() for file in written.files["tuned_accuracy"])
    nothing = draw_all(study(FAILED), tmp_path / "none", {name: STUDY_FIGURES[name] for name in NAMES})
    assert (nothing.files, tuple(nothing.left_out)) == ({}, NAMES)
