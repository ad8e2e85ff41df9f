"""When each trial of a search ran, and how it ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from results.figures.endings import ending, in_order, look
from results.figures.optuna_canvas import figure_of, head, optuna_drawing, quiet
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from optuna import Study

    from results.figures.source import Source

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
_PER_DAY = 86_400  # matplotlib counts time in days


class Bar(NamedTuple):
    """One trial, in seconds since the first one began. ended: by whom, or its state."""

    number: int
    start_s: float
    end_s: float
    ended: str


class TimelineData(NamedTuple):
    """bars: of the trials that ended, by number."""

    bars: tuple[Bar, ...]
    study: Study


def data(source: Source) -> TimelineData:
    """Of every trial that ended. Raises NotDrawnError if there is none."""
    from results.optuna_study import add_to_optuna

    ended = [
        (trial, trial.ended_at_ms)
        for trial in source.outcome.trials
        if trial.ended_at_ms is not None and not trial.state.unfinished
    ]
    if not ended:
        raise NotDrawnError("no trial has ended")
    began_ms = min(trial.started_at_ms for trial, _ in ended)
    bars = tuple(
        Bar(trial.number, (trial.started_at_ms - began_ms) / 1000, (end_ms - began_ms) / 1000, ending(trial))
        for trial, end_ms in ended
    )
    with quiet():
        return TimelineData(bars, add_to_optuna(source.outcome))


def draw(data: TimelineData) -> Figure:
    """Optuna's bars, coloured by what ended each trial; the clock counts from the first trial's start."""
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator
    from optuna.visualization.matplotlib import plot_timeline

    with optuna_drawing((6.4, min(9.0, max(2.6, 0.09 * len(data.bars) + 1.6)))):
        axes = plot_timeline(data.study)
        figure, patches = figure_of(axes), cast("list[Rectangle]", axes.patches)
        figure.set_layout_engine("constrained")
        for patch, bar in zip(patches, data.bars, strict=True):
            patch.set_y(bar.number - 0.4)  # Optuna numbers trials as they come
            patch.set(facecolor=look(bar.ended).colour, hatch=look(bar.ended).hatch, edgecolor="white", linewidth=0.3)
        start = min(patch.get_x() for patch in patches)
        length_s = max(bar.end_s for bar in data.bars)
        unit, unit_s = next(((name, s) for name, s in _UNITS if length_s >= 2 * s), _UNITS[-1])
        ticks = [
            t
            for t in MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(0, length_s / unit_s)
            if 0 <= t <= 1.02 * length_s / unit_s
        ]
        axes.set_xticks(start + np.array(ticks) * unit_s / _PER_DAY, [f"{tick:g}" for tick in ticks], rotation=0)
        axes.set_xlabel(f"{unit} since the first trial began")
        axes.set_ylabel("trial")
        axes.grid(visible=False, axis="y")
        counts = Counter(bar.ended for bar in data.bars)
        handles = [
            Patch(
                facecolor=look(name).colour, hatch=look(name).hatch, edgecolor="white", label=f"{name} ({counts[name]})"
            )
            for name in in_order(counts)
        ]
        axes.legend(handles=handles, title="ended by", loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
        head(figure, "when each trial ran, and what ended it")
    return figure
