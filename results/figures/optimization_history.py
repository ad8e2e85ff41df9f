"""The value of each trial of a search, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from results.figures.canvas import VERMILION
from results.figures.optuna_canvas import figure_of, head, optuna_drawing
from results.figures.search_trials import needs_log_scale, search_trials, summary, value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from optuna import Study

    from results.figures.source import Source


class OptimizationHistoryData(NamedTuple):
    """values: (trial, best value) in the order of their numbers. cut, failed: numbers of such trials."""

    metric: str
    values: tuple[tuple[int, float], ...]
    cut: tuple[int, ...]
    failed: tuple[int, ...]
    summary: str
    study: Study


def data(source: Source) -> OptimizationHistoryData:
    """Of every ended trial. Raises NotDrawnError if none has a value."""
    trials = search_trials(source)
    return OptimizationHistoryData(
        source.search.metric,
        tuple((trial.number, value_of(trial)) for trial in trials.trials),
        trials.cut,
        trials.failed,
        summary(trials),
        trials.study,
    )


def draw(data: OptimizationHistoryData) -> Figure:
    """Optuna's history; on top of it rings for trials that were cut, crosses at the foot for those that failed."""
    from optuna.visualization.matplotlib import plot_optimization_history

    with optuna_drawing():
        axes = plot_optimization_history(data.study, target_name=data.metric)
        values = dict(data.values)
        if data.cut:
            cut = [values[number] for number in data.cut]
            axes.scatter(data.cut, cut, facecolor="white", edgecolor="tab:blue", zorder=3, label="cut by the scheduler")
        if data.failed:
            foot, label = axes.get_xaxis_transform(), f"failed ({len(data.failed)})"
            zeros = [0.02] * len(data.failed)
            axes.scatter(data.failed, zeros, color=VERMILION, marker="x", transform=foot, label=label, clip_on=False)
        if needs_log_scale(list(values.values())):
            axes.set_yscale("log")
        axes.locator_params(axis="x", integer=True)
        axes.set_xlabel("trial")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
        figure = figure_of(axes)
        head(figure, f"{data.metric} by trial, and the best so far", data.summary)
        return figure
