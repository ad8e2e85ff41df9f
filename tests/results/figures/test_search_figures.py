"""Figures of a search: what they show, by hand-worked trials; awkward searches are drawn whole and leave no trace."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib import style

from results.figures import importance, intermediate_values, optimization_history, parameters, timeline
from results.figures.canvas import BLUE
from results.figures.catalog import SEARCH_FIGURES
from results.figures.gallery import draw_all
from results.figures.source import NotDrawnError, Source
from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord, TrialState

NAN = math.nan
LONG = "a_parameter_with_a_name_that_nobody_would_ever_want_to_read_on_an_axis"


def trial(
    number: int,
    values: Sequence[float],
    config: Mapping[str, Any] | None = None,
    state: TrialState = TrialState.COMPLETE,
    by: str | None = None,
) -> TrialRecord:
    """One that began 10 s after the one before it and took 5 s."""
    results = [ResultRecord(step=n, at_ms=0, metrics={"val/loss": v}) for n, v in enumerate(values, 1)]
    start_ms = 1_700_000_000_000 + 10_000 * number
    return TrialRecord(
        trial_id=f"s/c/{number:04d}",
        number=number,
        config=config or {},
        seed=1,
        state=state,
        started_at_ms=start_ms,
        ended_at_ms=None if state is TrialState.RUNNING else start_ms + 5000,
        stopped_by=by,
        results=tuple(results),
    )


def source(trials: Sequence[TrialRecord], space: Mapping[str, Any] | None = None) -> Source:
    search = SearchRecord(
        search_id="s/c",
        key="c",
        cell={},
        metric="val/loss",
        mode="min",
        started_at_ms=0,
        params={"budget": "9 epoch", "scheduler": "asha(grace_period=2)"},
        space=space or {},
    )
    return Source(outcome=SearchOutcome(search=search, trials=trials), load=dict)


FIVE = [
    trial(0, [4.0, 3.0, 3.5], {"lr": 0.1}),
    trial(1, [5.0], {"lr": 0.2}, TrialState.STOPPED, "asha"),
    trial(2, [2.0, 2.5], {"lr": 0.3}, TrialState.STOPPED, "trial_plateau"),
    trial(3, [6.0, NAN], {"lr": 0.4}, TrialState.DIVERGED),
    trial(4, [1.0, 0.5], {"lr": 0.5}, TrialState.RUNNING),
]


def rich() -> list[TrialRecord]:
    """Forty of twelve parameters that vary: one is conditional, one of texts, one of a long name; all kinds of ends."""
    ends = [
        (TrialState.COMPLETE, None),
        (TrialState.STOPPED, "asha"),
        (TrialState.STOPPED, "my_own_stopper"),
        (TrialState.CRASHED, None),
        (TrialState.OUT_OF_MEMORY, None),
    ]
    trials = []
    for n in range(40):
        config: dict[str, Any] = {
            "lr": 10 ** -(1 + 3 * ((n * 7) % 40) / 40),
            "hidden": (64, 128, 256)[n % 3],
            "loss": ("cross_entropy", "a loss of which the name is much too long: " + "x" * 60)[n % 2],
            "constant": 3,
            "flip": n % 4 == 0,
            LONG: ((n * 13) % 40) / 40,
            **{f"other_{k}": ((n * (k + 3)) % 40) / 40 for k in range(6)},
        }
        if n % 2:
            config["margin"] = ((n * 11) % 40) / 10
        loss = abs(math.log10(config["lr"]) + 2.5) + 0.01 * config["other_0"]
        state, by = ends[n % 5]
        trials.append(
            trial(n, [5000.0 if n % 5 == 3 else loss + 0.5, loss + 0.1, loss + 0.05][: 1 + n % 3], config, state, by)
        )
    return trials


SPACE = {"lr": {"loguniform": [1e-4, 1e-1]}, LONG: {"uniform": [0, 1]}, "margin": {"uniform": [0, 4]}} | {
    f"other_{k}": {"uniform": [0, 1]} for k in range(6)
}


def test_history_counts_cut_trials_and_tells_failed_ones() -> None:
    """Oracle: by hand: 3 is the first trial's best; the plateau's trial is not cut, for it had its say."""
    data = optimization_history.data(source(FIVE))
    assert data.values == ((0, 3.0), (1, 5.0), (2, 2.0))
    assert (data.cut, data.failed) == ((1,), (3,))
    assert data.summary == "3 trials, 1 of them cut by the scheduler, each with its best value"
    axes = optimization_history.draw(data).axes[0]
    assert axes.get_lines()[0].get_ydata() == pytest.approx([3, 3, 2])  # Optuna's own best so far


def test_intermediate_values_say_who_ended_each_trial() -> None:
    """Oracle: the trials above; the diverged one is there up to its last finite value, the running one is not."""
    data = intermediate_values.data(source(FIVE))
    assert data.lines == (
        (0, (1, 2, 3), (4.0, 3.0, 3.5), "complete"),
        (1, (1,), (5.0,), "asha"),
        (2, (1, 2), (2.0, 2.5), "trial_plateau"),
        (3, (1,), (6.0,), "diverged"),
    )
    assert (data.best, data.step) == (2, "epoch")
    axes = intermediate_values.draw(data).axes[0]
    assert len(axes.get_lines()) == 4 + 1  # Optuna's, and that of the legend
    marks = {marks.get_label(): marks.get_offsets().tolist() for marks in axes.collections}
    assert marks["asha (1)"] == [[1, 5]]
    assert marks["trial_plateau (1)"] == [[2, 2.5]]
    assert marks["diverged (1)"] == [[1, 6]]


def test_trials_keep_their_numbers_where_others_are_left_out() -> None:
    """Oracle: trial 1 failed and trial 2 runs, so what is drawn of the others are 0 and 3."""
    gaps = [
        trial(0, [4.0, 3.0]),
        trial(1, [6.0, 7.0], state=TrialState.CRASHED),
        trial(2, [2.0], state=TrialState.RUNNING),
        trial(3, [1.0, 2.0]),
    ]
    history = optimization_history.draw(optimization_history.data(source(gaps))).axes[0]
    assert history.collections[0].get_offsets().tolist() == [[0, 3], [3, 1]]
    bars = timeline.draw(timeline.data(source(gaps))).axes[0].patches
    assert [bar.get_y() + 0.4 for bar in bars] == pytest.approx([0, 1, 3])  # type: ignore[attr-defined]
    best = intermediate_values.draw(intermediate_values.data(source(gaps))).axes[0].get_lines()[2]
    assert (list(best.get_ydata()), best.get_color()) == ([1, 2], BLUE)


def test_timeline_counts_from_the_first_trial() -> None:
    """Oracle: each began 10 s after the one before it and took 5 s."""
    data = timeline.data(source(FIVE))
    assert data.bars[2] == (2, 20.0, 25.0, "trial_plateau")
    assert len(data.bars) == 4
    axes = timeline.draw(data).axes[0]
    widths = [patch.get_width() * 86_400 for patch in axes.patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([5] * 4, rel=1e-3)
    assert axes.get_xlabel() == "seconds since the first trial began"


def test_the_most_important_parameters_are_drawn_and_the_rest_counted() -> None:
    """Oracle: the loss is |log10 lr + 2.5|, so lr leads; 12 varied, `constant` did not; long texts are shortened."""
    data = parameters.data(source(rich(), SPACE), "slice")
    assert data.names[0] == "lr"
    assert (len(data.names), data.n_varied) == (6, 12)
    assert len(data.rows) == 24  # two in five failed
    wide = parameters.data(source(rich(), SPACE), "parallel_coordinate")
    assert len(wide.names) == 8
    number, value, given = data.rows[1]
    best = rich()[1].best("val/loss", "min")
    assert best is not None
    assert (number, value, given[0]) == (1, best.metrics["val/loss"], rich()[1].config["lr"])
    assert all(len(name) <= 24 for name in wide.study.trials[0].params)


def test_a_contour_pairs_what_varied_together() -> None:
    """Oracle: by hand: `a` and `b` are never active together, so `c` pairs with one of them alone."""
    trials = [trial(n, [float(n)], {("a", "b")[n % 2]: n, "c": n % 5}) for n in range(10)]
    space = {name: {"int": [0, 9]} for name in "abc"}
    names = parameters.data(source(trials, space), "contour").names
    assert len(names) == 2
    assert "c" in names


@pytest.mark.parametrize("method", ["ped_anova", "fanova"])
def test_importance(method: str) -> None:
    """Oracle: the loss depends on lr by 1.5 and on all else by 0.5 at most; shares add up to one."""
    data = importance.data(source(rich(), SPACE), method)
    shares = dict(data.shares)
    assert data.shares[0][0] == "lr"
    assert sum(shares.values()) == pytest.approx(1)
    assert data.left_out == (("margin",) if method == "fanova" else ())  # conditional: PED-ANOVA takes it, too


def test_what_cannot_be_drawn_says_why() -> None:
    """Oracle: the rules in the docstrings."""
    equal = source([trial(n, [1.0, 1.0], {"lr": n / 8, "l2": n / 9}) for n in range(5)])
    with pytest.raises(NotDrawnError, match="every trial reached the same val/loss"):
        parameters.data(equal, "contour")
    with pytest.raises(NotDrawnError, match="every trial reached the same val/loss"):
        importance.data(equal, "fanova")
    with pytest.raises(NotDrawnError, match="needs 2 trials that ended with a finite val/loss, and there are 1"):
        parameters.data(source(FIVE[1:2]), "slice")
    with pytest.raises(NotDrawnError, match="no parameter took two values"):
        parameters.data(source([trial(n, [n], {"lr": 1.0}) for n in range(2)]), "slice")
    with pytest.raises(NotDrawnError, match="needs a trial that ended with a finite val/loss, and there are 0"):
        optimization_history.data(source(FIVE[3:]))
    with pytest.raises(NotDrawnError, match="at two steps or more"):
        intermediate_values.data(source(FIVE[1:2]))
    with pytest.raises(NotDrawnError, match="no trial has ended"):
        timeline.data(source(FIVE[4:]))


@pytest.mark.parametrize("name", SEARCH_FIGURES)
def test_forty_odd_trials_are_drawn_whole_and_leave_no_trace(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Oracle: nothing that is drawn reaches beyond the picture; pyplot, settings and terminal are as they were."""
    before = (dict(mpl.rcParams), mpl.get_backend(), dict(style.library["ggplot"]), plt.get_fignums())
    figure = SEARCH_FIGURES[name]
    canvas = figure.draw(figure.data(source(rich(), SPACE)))
    assert (dict(mpl.rcParams), mpl.get_backend(), dict(style.library["ggplot"]), plt.get_fignums()) == before
    canvas.draw_without_rendering()
    drawn, (width, height) = canvas.get_tightbbox(), canvas.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01
    assert capfd.readouterr() == ("", "")


def test_one_trial_or_equal_values_are_drawn_as_far_as_they_go_and_always_alike(tmp_path: Path) -> None:
    """Oracle: the rules in the docstrings; files byte for byte."""
    one = draw_all(source(FIVE[:1]), tmp_path / "one", SEARCH_FIGURES)
    assert list(one.files) == ["optimization_history", "intermediate_values", "best_so_far", "timeline"]
    equal = source([trial(n, [1.0, 1.0], {"lr": n / 8, "kind": "ab"[n % 2]}) for n in range(5)])
    some = {name: SEARCH_FIGURES[name] for name in ("slice", "importance_fanova", "timeline")}
    first, again = (draw_all(equal, tmp_path / name, some) for name in ("first", "again"))
    assert first.left_out == {"importance_fanova": "every trial reached the same val/loss"}
    for name, files in first.files.items():
        assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again.files[name]]
