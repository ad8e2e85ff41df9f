"""How the value of a trial goes with its parameters: slices, contours of pairs, parallel coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures.importance import most_important
from results.figures.optuna_canvas import figure_of, head, optuna_drawing
from results.figures.search_trials import SearchTrials, search_trials, summary, value_of
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from optuna import Study

    from results.figures.source import Source

_MOST = {"slice": 6, "contour": 3, "parallel_coordinate": 8}  # parameters, beyond which nothing can be read
_ABOUT = {
    "slice": "{metric} by each parameter",
    "contour": "{metric} by pairs of parameters",
    "parallel_coordinate": "configurations and their {metric}",
}


class ParametersData(NamedTuple):
    """names: the parameters that are drawn, the most important first; n_varied: of so many that took two values.

    rows: (trial, value, the parameters' values, None where a parameter was not active).
    """

    kind: str
    metric: str
    names: tuple[str, ...]
    n_varied: int
    rows: tuple[tuple[int, float, tuple[Any, ...]], ...]
    summary: str
    study: Study


def data(source: Source, kind: str) -> ParametersData:
    """kind: slice, contour or parallel_coordinate.

    Of more parameters than can be read the most important ones by PED-ANOVA. A contour plot has those alone of which
    each two took two values in trials where both were active. Raises NotDrawnError if too few trials have a value,
    no parameter varied, or (contour) no pair did or all values are equal.
    """
    trials = search_trials(source, at_least=2)
    metric = source.search.metric
    if not trials.varied:
        raise NotDrawnError("no parameter took two values")
    names = most_important(trials)
    if kind == "contour":
        if len({trial.value for trial in trials.trials}) == 1:
            raise NotDrawnError(f"every trial reached the same {metric}")
        names = _paired(trials, names)
        if len(names) < 2:
            raise NotDrawnError("no two parameters varied together")
    names = names[: _MOST[kind]]
    rows = tuple(
        (trial.number, value_of(trial), tuple(trial.params.get(name) for name in names)) for trial in trials.trials
    )
    return ParametersData(kind, metric, tuple(names), len(trials.varied), rows, summary(trials), trials.study)


def draw(data: ParametersData) -> Figure:
    """Optuna's figure of these parameters, under a title that says how many there are more."""
    from optuna.visualization import matplotlib as optunas

    n = len(data.names)
    plot, size_in = {
        "slice": (optunas.plot_slice, (3.6 if n > 1 else 5.2, 3.2)),  # twice the width of a panel
        "contour": (optunas.plot_contour, (5.2, 4) if n == 2 else (2.1 * n + 1, 1.9 * n + 0.6)),
        "parallel_coordinate": (optunas.plot_parallel_coordinate, (max(5.2, 1.15 * n + 2.6), 4)),
    }[data.kind]
    with optuna_drawing(size_in):
        drawn = plot(data.study, params=list(data.names), target_name=data.metric)
        figure = figure_of(drawn)
        _mend(figure, data)
        of = f": the {n} most important of {data.n_varied}" if n < data.n_varied else ""
        head(figure, _ABOUT[data.kind].format(metric=data.metric) + of, data.summary)
    return figure


def _paired(trials: SearchTrials, names: Sequence[str]) -> list[str]:
    """Of the names, in their order, those that vary together with each one that was taken before."""
    params = [trial.params for trial in trials.trials]

    def together(one: str, other: str) -> bool:
        both = [(given[one], given[other]) for given in params if one in given and other in given]
        return bool(both) and all(len(set(values)) > 1 for values in zip(*both, strict=True))

    best: list[str] = []
    for first in range(len(names)):
        taken: list[str] = []
        for name in names[first:]:
            if all(together(name, other) for other in taken):
                taken.append(name)
        if len(taken) > max(1, len(best)):
            best = taken
        if len(best) >= _MOST["contour"]:
            break
    return best


def _mend(figure: Figure, data: ParametersData) -> None:
    """What Optuna leaves unreadable: labels that run into each other or out of the picture, trial 2.5."""
    from matplotlib.ticker import MaxNLocator

    if data.kind == "contour" and len(data.names) > 2:
        _lower_half(figure, len(data.names))
    for axes in figure.axes:
        axes.tick_params(labelsize="small")
        axes.minorticks_off()  # on a log axis they cost as much as all the rest
        if data.kind == "parallel_coordinate":
            _mend_parallel(axes)
        elif (
            max((len(text.get_text()) for text in axes.get_xticklabels() if "$" not in text.get_text()), default=0) > 6
        ):
            axes.tick_params(axis="x", labelrotation=90)
    if data.kind == "slice":
        for axes in figure.axes[:-1]:
            axes.collections[0].set_clip_on(False)
        figure.axes[-1].set_ylabel("trial")
        figure.axes[-1].yaxis.set_major_locator(MaxNLocator(integer=True))


def _mend_parallel(axes: Axes) -> None:
    """Lines that can be seen on white, each parameter with its axis, names that begin under it."""
    axes.grid(visible=False)
    axes.spines[["left", "right"]].set_visible(True)
    for text in axes.get_xticklabels():
        text.set(ha="left", rotation_mode="anchor")
    for text in axes.get_yticklabels():
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5})
    for lines in axes.collections:
        lines.set_clip_on(False)  # the best and the worst run along the edge
        lines.set_cmap("viridis" if lines.get_cmap().name.endswith("_r") else "viridis_r")


def _lower_half(figure: Figure, n: int) -> None:
    """Of n x n panels those below the diagonal: the others show the same again, or nothing.

    One scale of colours holds for all of them; Optuna gives each its own, and a bar for the first.
    """
    from matplotlib.contour import ContourSet

    *panels, bar = figure.axes
    label = bar.get_ylabel()
    bar.remove()
    grid = figure.add_gridspec(n - 1, n - 1)
    kept = []
    for position, axes in enumerate(panels):
        row, column = divmod(position, n)
        if column >= row:
            axes.remove()
            continue
        axes.set_subplotspec(grid[row - 1, column])
        axes.set(**({} if column == 0 else {"ylabel": ""}), **({} if row == n - 1 else {"xlabel": ""}))
        kept.append(axes)
    filled = [shown for axes in kept for shown in axes.collections if isinstance(shown, ContourSet) and shown.filled]
    limits = [shown.get_clim() for shown in filled]
    for shown in filled:
        shown.set_clim(min(low for low, _ in limits), max(high for _, high in limits))
    figure.colorbar(filled[0], ax=kept).set_label(label)
