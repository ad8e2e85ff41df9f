"""What figures across the searches of a study show, and where each search goes: hand-worked examples."""

from __future__ import annotations

import pytest

from results.figures import accuracy_bars, size_against_distance
from results.figures.catalog import STUDY_FIGURES
from results.figures.grouping import arrange
from results.figures.source import NotDrawnError, StudySource
from results.records import TrialState

from .embeddings import history, source, study, trial

GEOMETRY = ("cluster_size", "centre_distance", "class_distance", "median_cosine")
OWN = ("accuracy_bars", "searches_size_against_distance")


def compared() -> StudySource:
    """Two data sets, two losses, two networks; one search has no trial that succeeded."""
    cells = [
        {"dataset": dataset, "backbone": backbone, "loss": loss, "seed": 1}
        for dataset in ("MNIST", "KMNIST")
        for backbone in ("small", "large")
        for loss in ("cosine", "push_pull")
    ]
    failed = trial(history(), state=TrialState.CRASHED)
    return study(*(source(cell, trial(history(n))) for n, cell in enumerate(cells[:-1], 1)), source(cells[-1], failed))


def test_factors_take_their_usual_roles() -> None:
    """Oracle: the papers' figures: a picture a data set, a colour a loss, a size a network; what is equal is left."""
    placing = arrange(compared())
    assert (placing.panel, placing.colour, placing.style) == ("dataset", "loss", "backbone")
    assert len(placing.searches) == 7
    first = placing.searches[0]
    assert (first.panel, first.colour, first.style) == ("MNIST", "cosine", "small")
    assert placing.values("style") == ("small", "large")


@pytest.mark.parametrize(
    ("cells", "roles"),
    [
        ([{"lr": 1}], ("", "", "")),
        ([{"lr": 1}, {"lr": 2}], ("", "lr", "")),
        ([{"a": 1, "loss": "x"}, {"a": 2, "loss": "y"}], ("", "loss", "a")),
        ([{"a": 1, "b": 1, "c": 1, "d": None}, {"a": 2, "b": 2, "c": 2, "d": True}], ("c, d", "a", "b")),
        ([{"strategy": "soft", "loss": "x"}, {"strategy": "one_hot", "loss": "y"}], ("", "strategy", "loss")),
        ([{"a": 1}, {"b": 1}], ("", "a", "b")),
        ([{"loss": "x", "split": n} for n in range(5)] + [{"loss": "y", "split": 1}], ("split", "loss", "")),
    ],
)
def test_other_factors_take_what_is_free(cells: list[dict[str, object]], roles: tuple[str, str, str]) -> None:
    """Oracle: by hand: usual roles first, then colour, style, panel in the grid's order."""
    placing = arrange(study(*(source(cell) for cell in cells)))
    assert (placing.panel, placing.colour, placing.style) == roles


def test_a_number_is_shown_with_its_factor() -> None:
    """Oracle: a name speaks for itself, 0.1 does not."""
    placing = arrange(study(source({"loss": "x", "lr": 0.1}), source({"loss": "y", "lr": None})))
    assert placing.values("colour") == ("x", "y")
    assert placing.values("style") == ("lr=0.1", "lr=null")


def test_what_does_not_fit_is_told() -> None:
    cells = [{"dataset": f"set {n}"} for n in range(17)]
    with pytest.raises(NotDrawnError, match="17 panels, one for each dataset, are too many"):
        arrange(study(*(source(cell) for cell in cells)))


def test_no_bar_is_cut() -> None:
    """Oracle: the limits of the shared axis lie around every bar, also where the first panel's are the lowest."""
    low, high = ({"dataset": name} for name in ("hard", "easy"))
    trials = ([{"val/accuracy": 0.6}], [{"val/accuracy": 0.99}])
    data = accuracy_bars.data(study(source(low, trial(trials[0])), source(high, trial(trials[1]))))
    for axes in accuracy_bars.draw(data).axes:
        assert axes.get_ylim()[0] == pytest.approx(0.55)
        assert 0.99 < axes.get_ylim()[1] < 1.05


def test_nothing_succeeded() -> None:
    with pytest.raises(NotDrawnError, match="no search has a trial that succeeded"):
        arrange(study())


def test_geometry_is_logarithmic_whatever_its_range() -> None:
    """Oracle: the history: NaN is left out; sizes of 1 to 4 span less than what makes other quantities logarithmic."""
    figures = {name: STUDY_FIGURES[f"{name}_over_epochs"].data(study(source())) for name in GEOMETRY}
    (panel,) = figures["cluster_size"].panels
    assert (panel.bands[0].steps, panel.bands[0].mean) == ((1, 2, 4), (4.0, 2.0, 1.0))
    assert figures["cluster_size"].log
    assert figures["cluster_size"].what == "cluster size \u03c3\n(units of the embedding, validation images)"
    assert figures["class_distance"].panels[0].bands[0].mean == (4.0, 8.0, 10.0, 16.0)
    assert not figures["median_cosine"].log
    zero = [{"val/geometry/cluster_size": value, "val/accuracy": 0.5} for value in (1.0, 0.0, 2.0)]
    assert not STUDY_FIGURES["cluster_size_over_epochs"].data(study(source({}, trial(zero)))).log


def test_what_selects_is_shown() -> None:
    """Oracle: a study that selected on test data shows test data, here of twice the size."""
    results = [
        {**epoch, **{name.replace("val/", "test/"): 2 * value for name, value in epoch.items()}} for epoch in history()
    ]
    data = size_against_distance.data(study(source({}, trial(results), metric="test/accuracy")))
    assert (data.split, data.paths[0].sizes) == ("test", (8.0, 4.0, 2.0))


def test_accuracy_bars_of_validation() -> None:
    """Oracle: the best epoch's accuracies, 0.9 and 0.8; an axis from the next 0.05 that is below the lowest."""
    data = accuracy_bars.data(compared())
    assert (data.split, data.rules, data.start) == ("val", ("euc", "euc_ce"), pytest.approx(0.75))
    assert data.bars[0] == ("MNIST", "cosine", "small", "euc", pytest.approx(0.8), None, 1)
    assert len(data.bars) == 14


def test_accuracy_bars_of_test_and_repeats() -> None:
    """Oracle: the measured test accuracy; by hand mean 0.6, t(0.975, 1) * s / sqrt 2 = 12.7062 * 0.1 of two runs."""
    tested = {"test/accuracy": 0.3, "test/accuracy/argmax": 0.3, "test/accuracy/euc": 0.2, "test/loss": 1.0}
    data = accuracy_bars.data(study(source({}, test_metrics=tested)))
    assert (data.split, data.rules, data.start) == ("test", ("euc", "argmax"), 0)
    assert [(bar.rule, bar.value) for bar in data.bars] == [("argmax", 0.3), ("euc", 0.2)]
    runs = [trial([{"val/accuracy": value}], n) for n, value in enumerate((0.5, 0.7))]
    (bar,) = accuracy_bars.data(study(source({}, *runs))).bars
    assert (bar.rule, bar.value, bar.n) == ("", pytest.approx(0.6), 2)
    assert bar.half_width == pytest.approx(1.27062, rel=1e-5)
    with pytest.raises(NotDrawnError, match="no search measured val/accuracy"):
        accuracy_bars.data(study(source({}, trial([{"val/loss": 1.0}]), metric="val/loss")))


def test_size_against_distance() -> None:
    """Oracle: the history without the epoch that has no size; the best epoch is that one, so the last is marked."""
    path = size_against_distance.data_of_trial(source()).paths[0]
    assert path == ("", "", "", (4.0, 2.0, 1.0), (2.0, 4.0, 8.0), 2)
    best_second = [{**results, "val/accuracy": float(n == 2)} for n, results in enumerate(history(), 1)]
    assert size_against_distance.data(study(source({}, trial(best_second)))).paths[0].selected == 1
    with pytest.raises(NotDrawnError, match="no best trial reported val/geometry/cluster_size"):
        size_against_distance.data_of_trial(source({}, trial([{"val/accuracy": 1.0}])))


@pytest.mark.parametrize("name", [*(f"{name}_over_epochs" for name in GEOMETRY), *OWN])
def test_every_figure_is_drawn_whole(name: str) -> None:
    """Oracle: axes have labels, their own or for all panels; no legend reaches beyond the canvas."""
    figure = STUDY_FIGURES[name]
    for given in (compared(), study(source())):
        canvas = figure.draw(figure.data(given))
        assert canvas.axes[-1].get_xlabel()
        assert canvas.axes[0].get_ylabel() or canvas.get_supylabel()
        canvas.draw_without_rendering()
        for legend in canvas.legends:
            box = legend.get_window_extent()
            assert 0 <= box.x0 < box.x1 <= canvas.bbox.width
            assert 0 <= box.y0 < box.y1 <= canvas.bbox.height
        assert figure.about
