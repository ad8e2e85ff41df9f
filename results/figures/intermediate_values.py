"""Every trial's metric step by step, with what cut it and when."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from results.figures.canvas import BLUE, GREY
from results.figures.cells import step_name
from results.figures.endings import ending, in_order, look
from results.figures.optuna_canvas import figure_of, head, optuna_drawing, quiet
from results.figures.search_trials import needs_log_scale
from results.figures.source import NotDrawnError
from results.records import rank

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from optuna import Study

    from results.figures.source import Source


class TrialLine(NamedTuple):
    """One trial's finite values. ended: by whom (`asha`, `trial_plateau` ...), or its state."""

    number: int
    steps: tuple[int, ...]
    values: tuple[float, ...]
    ended: str


class IntermediateValuesData(NamedTuple):
    """step: what a step is. best: the number of the best trial that ended, None if all failed."""

    metric: str
    step: str
    best: int | None
    lines: tuple[TrialLine, ...]
    study: Study


def data(source: Source) -> IntermediateValuesData:
    """Of every ended trial, failed ones with them. Raises NotDrawnError if none reported a finite value twice."""
    from results.optuna_study import add_to_optuna

    search, lines = source.search, []
    for trial in source.outcome.trials:
        points = trial.series(search.metric)
        if points and not trial.state.unfinished:
            steps, values = zip(*points, strict=True)
            lines.append(TrialLine(trial.number, steps, values, ending(trial)))
    if not any(len(line.steps) > 1 for line in lines):
        raise NotDrawnError(f"no trial that ended reported {search.metric} at two steps or more")
    with quiet():
        study = add_to_optuna(source.outcome)
    drawn = {line.number for line in lines}
    best = rank([trial for trial in source.outcome.trials if trial.number in drawn], search.metric, search.mode)[0]
    shown = None if best.state.failed else best.number
    return IntermediateValuesData(search.metric, step_name(search), shown, tuple(lines), study)


def draw(data: IntermediateValuesData) -> Figure:
    """Optuna's lines in grey, the best trial's in blue, and at each one's last step the mark of what ended it."""
    from optuna.visualization.matplotlib import plot_intermediate_values

    with optuna_drawing((6.4, 3.8)):
        axes = plot_intermediate_values(_with_failed(data.study))
        figure = figure_of(axes)
        figure.set_layout_engine("constrained")
        for line, shown in zip(axes.get_lines(), data.lines, strict=True):
            best = shown.number == data.best
            line.set(color=BLUE if best else GREY, alpha=1 if best else 0.35, marker="", zorder=3 if best else 2)
            line.set(linewidth=1.8 if best else 0.9, label="")
        counts = Counter(line.ended for line in data.lines)
        for name in in_order(counts):
            ends = np.array([(line.steps[-1], line.values[-1]) for line in data.lines if line.ended == name])
            style = look(name)
            label = f"{name} ({counts[name]})"
            axes.scatter(ends[:, 0], ends[:, 1], color=style.colour, marker=style.marker, s=26, zorder=4, label=label)
        if data.best is not None:
            axes.plot([], [], color=BLUE, linewidth=1.8, label=f"best: trial {data.best}")
        if needs_log_scale([value for line in data.lines for value in line.values]):
            axes.set_yscale("log")
        axes.set_xlabel(data.step)
        axes.set_ylabel(data.metric)
        axes.locator_params(axis="x", integer=True)
        axes.legend(title="ended by", loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
        head(figure, f"{data.metric} of each trial by {data.step}, and what ended it")
        return figure


def _with_failed(study: Study) -> Study:
    """The same study with failed trials as pruned ones: Optuna's figure leaves out what failed."""
    import optuna
    from optuna.trial import TrialState

    shown = optuna.create_study(direction=study.direction)
    for trial in study.get_trials():
        if trial.state is TrialState.FAIL and trial.intermediate_values:
            trial.state = TrialState.PRUNED
        shown.add_trial(trial)
    return shown
