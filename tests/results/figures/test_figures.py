"""What figures show, by hand-worked examples; that each can be drawn; and that data need no matplotlib."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.figures import class_curves, confusion, curves, templates, true_class_probability
from results.figures.catalog import TRIAL_FIGURES, Figure
from results.figures.gallery import draw_all
from results.figures.source import NotDrawnError, Source
from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord, TrialState

from . import embeddings

NAN = float("nan")
HISTORY: list[dict[str, float]] = [
    {"train/loss": 2.0, "val/loss": 2.5, "val/accuracy": 0.25, "test/loss": NAN},
    {"train/loss": 1.0, "val/loss": 1.5, "val/accuracy": 0.75, "test/loss": 1.25},
    {"train/loss": 0.5, "val/loss": 1.75, "val/accuracy": 0.5},
]
TEMPLATES = np.arange(2 * 3 * 2 * 2, dtype=np.float32).reshape(2, 3, 2, 2)
ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "templates": TEMPLATES,
    "classes": np.array(["cat", "dog"]),
    "true_class_probability": np.array([0.0, 0.03, 0.05, 0.5, 0.99, 1.0]),
    "labels": np.array([0, 0, 1, 1, 0, 1]),
    "predictions_argmax": np.array([1, 1, 0, 1, 0, 1]),
    "split": np.array("test"),
    "confusion_matrix": np.array([[1, 2], [1, 2]]),
    "confusion_matrix_best": np.array([[3, 0], [1, 2]]),
    "train_class_counts": np.array([3, 1]),
    "probabilities": np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8], [0.8, 0.2], [0.5, 0.5]]),
    "thresholds_threshold": np.array([0.25]),
    "roc_0": np.array([[0, 0, 0.5, 1], [0, 0.5, 1, 1]], dtype=np.float32),
    "precision_recall_0": np.array([[0.5, 0.75, 1, 1], [1, 1, 0.5, 0]], dtype=np.float32),
}


def source(history: list[dict[str, float]] = HISTORY, **arrays: np.ndarray[Any, Any]) -> Source:
    results = tuple(ResultRecord(step=n, at_ms=n, metrics=metrics) for n, metrics in enumerate(history, 1))
    search = SearchRecord(
        search_id="s/c",
        key="c",
        cell={},
        metric="val/accuracy",
        mode="max",
        started_at_ms=0,
        params={"budget": "40 epoch"},
    )
    trial = TrialRecord(
        trial_id="s/c/0000",
        number=0,
        config={},
        seed=1,
        state=TrialState.COMPLETE,
        started_at_ms=0,
        results=results,
    )
    return Source(outcome=SearchOutcome(search=search, trials=(trial,)), load=lambda: {**ARRAYS, **arrays})


def test_curves() -> None:
    """Oracle: the history above; the test loss is left out, for only one step of it is finite."""
    data = curves.data(source(), "loss")
    assert data.lines == (("training", (1, 2, 3), (2.0, 1.0, 0.5)), ("validation", (1, 2, 3), (2.5, 1.5, 1.75)))
    assert (data.quantity, data.step, data.best_step) == ("loss", "epoch", 2)
    with pytest.raises(NotDrawnError, match="reported no cost at two steps or more"):
        curves.data(source(), "cost")


def test_templates_in_colour() -> None:
    """Oracle: by hand: class 0 holds 0..11, class 1 12..23, so both run 0, 1/11 ... 1, the channels last."""
    data = templates.data(source())
    assert data.classes == ("cat", "dog")
    assert data.limit is None
    assert data.pictures.shape == (2, 2, 2, 3)
    for picture in data.pictures:
        np.testing.assert_allclose(picture[0, 0], np.array([0, 4, 8]) / 11, rtol=1e-6)
        np.testing.assert_allclose(picture[1, 1], np.array([3, 7, 11]) / 11, rtol=1e-6)


def test_templates_of_one_value_and_in_grey() -> None:
    """Oracle: a class whose weights are equal has no range to scale by; grey weights stay as they are."""
    flat = templates.data(source(templates=np.full((2, 3, 2, 2), 7.0)))
    assert not flat.pictures.any()
    grey = templates.data(source(templates=-TEMPLATES[:, :1]))
    assert grey.limit == 15.0
    np.testing.assert_array_equal(grey.pictures, -TEMPLATES[:, 0])


def test_true_class_probability() -> None:
    """Oracle: by hand, bins of 0.04: wrong 0, 0.03 | 0.05, right 0.5 in the 13th, 0.99 and 1 in the last."""
    data = true_class_probability.data(source())
    assert data.edges[:3] == pytest.approx((0, 0.04, 0.08))
    assert data.wrong == (2, 1, *[0] * 23)
    assert data.right == (*[0] * 12, 1, *[0] * 11, 2)
    assert data.split == "test"


def test_confusion() -> None:
    """Oracle: the arrays; whichever decision rules there are, each has its table."""
    data = confusion.data(source())
    assert data.tables == (("", ((1, 2), (1, 2))), ("best", ((3, 0), (1, 2))))
    assert (data.classes, data.split) == (("cat", "dog"), "test")


def test_curves_of_classes() -> None:
    """Oracle: by hand: trapezoids 0.375 + 0.5; precision 1 up to half the recall, then 0.75. A dog is not measured."""
    roc = class_curves.data(source(), "roc")
    assert roc.curves == (("cat", (0, 0, 0.5, 1), (0, 0.5, 1, 1), 0.875),)
    curve = class_curves.data(source(), "precision_recall")
    assert curve.curves == (("cat", (1, 1, 0.5, 0), (0.5, 0.75, 1, 1), 0.875),)
    with pytest.raises(NotDrawnError, match="kept no roc_0"):
        class_curves.data(Source(outcome=source().outcome, load=lambda: {"classes": np.array([])}), "roc")


@pytest.mark.parametrize("name", TRIAL_FIGURES)
def test_every_figure_is_drawn_with_named_axes(name: str) -> None:
    """Oracle: each pair of axes has both labels or the figure has, or it is a picture, or a colour scale with one."""
    values = {f"targets/{kind}/{k}": 0.5 for kind in ("class_value", "non_class_value") for k in range(2)}
    history = [{**metrics, **values, "train/cost": 2.0, "val/cost": 2.0} for metrics in HISTORY]
    figure = TRIAL_FIGURES[name]
    canvases = []
    for given in (source(history), source(history, templates=TEMPLATES[:, :1]), embeddings.source()):
        with suppress(NotDrawnError):
            canvases.append(figure.draw(figure.data(given)))
    assert canvases
    for canvas in canvases:
        for axes in canvas.axes:
            assert (
                canvas.get_supylabel()
                or (axes.get_xlabel() and axes.get_ylabel())
                or not axes.axison
                or axes.get_ylabel()
            )
        assert figure.about


def test_what_can_be_drawn_is_written_and_the_rest_is_told(tmp_path: Path) -> None:
    """Oracle: no cost was reported and no arrays kept; the same data give the same files."""
    bare = Source(outcome=source().outcome, load=dict)
    gallery = draw_all(bare, tmp_path / "a", TRIAL_FIGURES)
    assert list(gallery.files) == ["loss", "accuracy"]
    assert gallery.left_out["templates"] == "the best trial kept no templates, classes"
    assert gallery.left_out.keys() == TRIAL_FIGURES.keys() - gallery.files.keys()
    again = draw_all(bare, tmp_path / "b", TRIAL_FIGURES)
    for name, files in gallery.files.items():
        assert [file.suffix for file in files] == [".svg", ".png"]
        assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again.files[name]]
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_nothing_is_made_where_nothing_can_be_drawn(tmp_path: Path) -> None:
    templates_only: dict[str, Figure] = {"templates": TRIAL_FIGURES["templates"]}
    draw_all(Source(outcome=source().outcome, load=dict), tmp_path / "none", templates_only)
    assert not (tmp_path / "none").exists()


def test_data_need_no_matplotlib_and_drawing_no_display_or_pyplot() -> None:
    """Oracle: sys.modules of a fresh interpreter."""
    code = (
        "import sys, results.figures.gallery as g; assert 'matplotlib' not in sys.modules; "
        "from results.figures.canvas import plot; f, _ = plot(x='x', y='y'); "
        "assert type(f.canvas).__name__ == 'FigureCanvasAgg'; assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
