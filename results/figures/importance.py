"""Which parameters mattered: PED-ANOVA (of the best tenth) and fANOVA (of all values)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures.optuna_canvas import figure_of, head, optuna_drawing, quiet
from results.figures.search_trials import SearchTrials, search_trials, summary
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from optuna import Study
    from optuna.importance import BaseImportanceEvaluator

    from results.figures.source import Source

_FEWEST = 4  # trials; from fewer, PED-ANOVA's best tenth is the best one alone and says nothing
_TITLES = {"ped_anova": "PED-ANOVA", "fanova": "fANOVA"}


class ImportanceData(NamedTuple):
    """shares: (parameter, its share of the whole), largest first, 1 in total. left_out: parameters without one."""

    method: str
    metric: str
    shares: tuple[tuple[str, float], ...]
    left_out: tuple[str, ...]
    summary: str
    study: Study


def data(source: Source, method: str) -> ImportanceData:
    """method: ped_anova (which parameters made a trial one of the best tenth) or fanova (which explain the variance).

    PED-ANOVA takes conditional parameters as they are (https://arxiv.org/abs/2601.20800); fANOVA, a forest of 64
    trees with a fixed seed, takes only those that every trial has. Raises NotDrawnError from fewer than 4 trials, if
    all values are equal, or if fewer than two parameters remain.
    """
    trials = search_trials(source, at_least=_FEWEST)
    values = {trial.value for trial in trials.trials}
    if len(values) == 1:
        raise NotDrawnError(f"every trial reached the same {source.search.metric}")
    names = list(trials.varied)
    if method == "fanova":
        names = [name for name in names if all(name in t.params for t in trials.trials)]
    if len(names) < 2:
        raise NotDrawnError(f"needs two parameters that varied in every trial, and there are {len(names)}")
    shares = _shares(trials.study, names, method)
    left_out = tuple(name for name in trials.varied if name not in names)
    return ImportanceData(method, source.search.metric, tuple(shares.items()), left_out, summary(trials), trials.study)


def draw(data: ImportanceData) -> Figure:
    """Optuna's bars; the title says what they are shares of."""
    from optuna.visualization.matplotlib import plot_param_importances

    names = [name for name, _ in data.shares]
    with optuna_drawing((5.2, max(2.2, 0.28 * len(names) + 1.3))):
        axes = plot_param_importances(data.study, evaluator=_known(dict(data.shares)), params=names)
        figure = figure_of(axes)
        if (legend := axes.get_legend()) is not None:
            legend.remove()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("share of the importance of all parameters")
        axes.set_ylabel("")
        title = f"importance for {data.metric} by {_TITLES[data.method]}"
        left_out = f"not active in every trial, so left out: {', '.join(data.left_out)}"
        head(figure, title, data.summary, *([left_out] if data.left_out else []))
        return figure


def most_important(trials: SearchTrials) -> list[str]:
    """The parameters that varied, the most important first by PED-ANOVA; as they come where that says nothing."""
    names = list(trials.varied)
    if len(trials.trials) < _FEWEST or len(names) < 2:
        return names
    return list(_shares(trials.study, names, "ped_anova"))


def _shares(study: Study, names: list[str], method: str) -> dict[str, float]:
    from optuna.importance import get_param_importances

    with quiet():
        shares = get_param_importances(study, evaluator=_evaluator(method), params=names)
    return {name: float(share) for name, share in sorted(shares.items(), key=lambda item: (-item[1], item[0]))}


def _known(shares: dict[str, float]) -> BaseImportanceEvaluator:
    """An evaluator that need not find again what was found."""
    from optuna.importance import BaseImportanceEvaluator

    class Known(BaseImportanceEvaluator):
        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
            return shares

    return Known()


def _evaluator(method: str) -> BaseImportanceEvaluator:
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

    return FanovaImportanceEvaluator(seed=0) if method == "fanova" else PedAnovaImportanceEvaluator()
