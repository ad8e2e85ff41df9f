"""The trials of a search as the figures of a search count them, and the Optuna study that these are drawn from.

Optuna's own figures leave out trials that were cut; here, as in every table, a cut trial counts with its best value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from results.figures.source import Source

_LONGEST_NAME = 24  # characters: two of them stand side by side in a contour plot
_LOG_FROM = 10.0  # choices of numbers that span this factor are drawn on a log axis


class SearchTrials(NamedTuple):
    """study: Optuna's, with every trial that has a value, as complete: these are `trials`.

    varied: parameters of at least two values. cut: numbers of those that the scheduler cut, so that their value is
    that of fewer epochs; one that a stopper ended has had its say. failed: numbers of the trials that failed.
    """

    study: Study
    trials: tuple[FrozenTrial, ...]
    varied: tuple[str, ...]
    cut: tuple[int, ...]
    failed: tuple[int, ...]


def search_trials(source: Source, *, at_least: int = 1) -> SearchTrials:
    """The search's ended trials. Names and choices of more than 24 characters are shortened in the study.

    Raises NotDrawnError if fewer than `at_least` trials ended with a finite value of the search's metric.
    """
    from optuna.trial import TrialState

    from results.figures.optuna_canvas import quiet
    from results.optuna_study import add_to_optuna

    search = source.search
    given = source.outcome.trials
    trials = tuple(
        trial
        for trial in given
        if not (trial.state.failed or trial.state.unfinished) and trial.best(search.metric, search.mode) is not None
    )
    if len(trials) < at_least:
        needed = "a trial" if at_least == 1 else f"{at_least} trials"
        raise NotDrawnError(f"needs {needed} that ended with a finite {search.metric}, and there are {len(trials)}")
    with quiet():
        whole = add_to_optuna(source.outcome)
        found = {trial.user_attrs["trial_id"]: trial for trial in whole.get_trials(deepcopy=False)}
        given_as = {trial.number: found[trial.trial_id] for trial in trials}
        study = _as_drawn(whole, given_as)
        kept = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    cut = tuple(number for number, trial in given_as.items() if trial.state is TrialState.PRUNED)
    failed = tuple(trial.number for trial in given if trial.state.failed)
    names = dict.fromkeys(name for trial in kept for name in trial.params)
    varied = tuple(name for name in names if len({t.params[name] for t in kept if name in t.params}) > 1)
    return SearchTrials(study, tuple(kept), varied, cut, failed)


def summary(trials: SearchTrials) -> str:
    """What a title says of the trials: how many there are, and how many were cut."""
    n = len(trials.trials)
    cut = f", {len(trials.cut)} of them cut by the scheduler" if trials.cut else ""
    return f"{n} trial{'s' if n > 1 else ''}{cut}, each with its best value"


def value_of(trial: FrozenTrial) -> float:
    """The value of a trial that has one."""
    if trial.value is None:
        raise ValueError(f"trial {trial.number} has no value")
    return trial.value


def short(name: str) -> str:
    """A name of at most 24 characters, its middle left out."""
    if len(name) <= _LONGEST_NAME:
        return name
    half = (_LONGEST_NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def _as_drawn(whole: Study, counted: Mapping[int, FrozenTrial]) -> Study:
    """A study of the counted trials, all complete; choices of numbers are numbers, long texts are short.

    counted: by our numbers. Optuna numbers trials as they come: a failed one, which its figures leave out, stands
    where one does not count.
    """
    import optuna
    from optuna.trial import TrialState

    trials = list(counted.values())
    names = _distinct({name for trial in trials for name in trial.params})
    distributions = {name: _drawn(name, [trial for trial in trials if name in trial.params]) for name in names}
    study = optuna.create_study(direction=whole.direction)
    for number, trial in counted.items():
        while len(study.get_trials(deepcopy=False)) < number:
            study.add_trial(optuna.trial.create_trial(state=TrialState.FAIL))
        shown = copy(trial)
        shown.state = TrialState.COMPLETE
        shown.distributions = {names[name]: distributions[name][0] for name in trial.params}
        shown.params = {names[name]: distributions[name][1].get(v, v) for name, v in trial.params.items()}
        study.add_trial(shown)
    return study


def _drawn(name: str, trials: Sequence[FrozenTrial]) -> tuple[BaseDistribution, Mapping[Any, Any]]:
    """A parameter's distribution as it is drawn, and the values that are written in another way."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    given = trials[0].distributions[name]
    if not isinstance(given, CategoricalDistribution):
        return given, {}
    values = [trial.params[name] for trial in trials]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        low, high = float(min(values)), float(max(values))
        return FloatDistribution(low, high, log=low > 0 and high / low >= _LOG_FROM), {}
    texts: dict[Any, Any] = _distinct({value for value in given.choices if isinstance(value, str)})
    return CategoricalDistribution([texts.get(value, value) for value in given.choices]), texts


def _distinct(names: set[str]) -> dict[str, str]:
    """Each name's short form; those that would fall together are numbered."""
    shortened: dict[str, str] = {}
    for name in sorted(names):
        form, n = short(name), 2
        while form in shortened.values():
            form, n = f"{short(name)[:-2]}~{n}", n + 1
        shortened[name] = form
    return shortened


def needs_log_scale(values: Sequence[float]) -> bool:
    """Whether values span so much that only a log axis shows them: all above zero, a factor of 1,000 apart."""
    finite = [value for value in values if math.isfinite(value)]
    return bool(finite) and min(finite) > 0 and max(finite) / min(finite) >= 1000
