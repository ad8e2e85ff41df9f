"""A search as an Optuna study: for Optuna's own figures and importances, and for optuna-dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from results.records import SearchOutcome, TrialRecord, TrialState

OWNER = "tuner.search_id"
_NUMERIC = {"uniform", "loguniform", "normal", "int", "logint"}


class ForeignStudyError(ValueError):
    """A study of that name is in the storage already, and it is not one of ours."""


def add_to_optuna(outcome: SearchOutcome, storage: str | None = None) -> optuna.Study:
    """An Optuna study named like the search, filled with its trials; in memory without a storage.

    outcome: with every result of its trials. storage: an Optuna URL, "sqlite:///studies.db"; a study that was
    exported there before is replaced. A trial that its scheduler cut is PRUNED, one that failed FAIL; one that a
    stopper ended has had its say and is COMPLETE. Running ones are left out.
    Raises ForeignStudyError if the storage has another study of that name.
    """
    search = outcome.search
    if storage is not None:
        _make_room(search.search_id, storage)
    study = optuna.create_study(
        storage=storage,
        study_name=search.search_id,
        direction="maximize" if search.mode == "max" else "minimize",
    )
    study.set_user_attr(OWNER, search.search_id)
    ended = [trial for trial in outcome.trials if trial.ended_at_ms is not None and trial.state in _ENDED]
    distributions = distributions_of(search.space, ended)
    study.add_trials([_frozen(trial, outcome, distributions) for trial in ended])
    return study


_ENDED = (
    TrialState.COMPLETE,
    TrialState.STOPPED,
    TrialState.DIVERGED,
    TrialState.OUT_OF_MEMORY,
    TrialState.TIMED_OUT,
    TrialState.CRASHED,
)


def distributions_of(space: Mapping[str, Any], trials: Sequence[TrialRecord]) -> dict[str, BaseDistribution]:
    """One distribution for each parameter that varies: branches of a conditional one are joined.

    space: as a study writes it. A parameter that is not in it, or whose branches are of several kinds, is categorical
    over the values that were tried.
    """
    names = dict.fromkeys(name for trial in trials for name in trial.config)
    joined = {name: _joined(space.get(name), [t.config[name] for t in trials if name in t.config]) for name in names}
    return {
        name: found
        for name, found in joined.items()
        if not (isinstance(found, CategoricalDistribution) and len(found.choices) < 2)
    }


def _joined(entry: Any, tried: Sequence[Any]) -> BaseDistribution:
    branches = entry if isinstance(entry, list) else [entry] if isinstance(entry, dict) else []
    domains = [(name, bounds) for branch in branches for name, bounds in branch.items() if name != "when"]
    kinds = {name for name, _ in domains}
    if not kinds or not kinds <= _NUMERIC or len({name.endswith("int") for name in kinds}) > 1:
        choices = dict.fromkeys(_text(value) for value in tried)
        return CategoricalDistribution(tuple(choices))
    low, high = _range([bounds for _, bounds in domains], tried)
    log = all(name.startswith("log") for name in kinds)
    if all(name.endswith("int") for name in kinds):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _range(domains: Sequence[Any], tried: Sequence[Any]) -> tuple[float, float]:
    pairs = [(d["low"], d["high"]) if isinstance(d, dict) else (d[0], d[1]) for d in domains]
    return min([*(low for low, _ in pairs), *tried]), max([*(high for _, high in pairs), *tried])


def _frozen(trial: TrialRecord, outcome: SearchOutcome, distributions: Mapping[str, BaseDistribution]) -> FrozenTrial:
    search = outcome.search
    values = dict(trial.series(search.metric))
    best = trial.best(search.metric, search.mode)
    state = _state(trial, str(search.params.get("scheduler", "")), has_value=best is not None)
    given = {name: trial.config[name] for name in distributions if name in trial.config}
    categorical = {name for name in given if isinstance(distributions[name], CategoricalDistribution)}
    return FrozenTrial(
        number=trial.number,
        state=state,
        value=best.metrics[search.metric] if best is not None and state is not OptunaState.FAIL else None,
        datetime_start=_time(trial.started_at_ms),
        datetime_complete=_time(trial.ended_at_ms or trial.started_at_ms),
        params={name: _text(value) if name in categorical else value for name, value in given.items()},
        distributions={name: distributions[name] for name in given},
        user_attrs={"trial_id": trial.trial_id, "state": str(trial.state), "stopped_by": trial.stopped_by},
        system_attrs={},
        intermediate_values=values,
        trial_id=trial.number,
    )


def _state(trial: TrialRecord, scheduler: str, *, has_value: bool) -> OptunaState:
    if trial.state.failed or not has_value:
        return OptunaState.FAIL
    cut = trial.state is TrialState.STOPPED and trial.stopped_by == scheduler.partition("(")[0]
    return OptunaState.PRUNED if cut else OptunaState.COMPLETE


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _time(at_ms: int) -> datetime:
    """Local time without a zone, as Optuna keeps it."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone().replace(tzinfo=None)


def _make_room(name: str, storage: str) -> None:
    try:
        existing = optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        return
    if existing.user_attrs.get(OWNER) != name:
        raise ForeignStudyError(
            f"a study {name} that was not exported from here is in {storage}: choose another storage"
        )
    optuna.delete_study(study_name=name, storage=storage)
