"""A Ray Tune experiment as records of ours."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.records import Mode, ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.dispatch.tune_metrics import is_reported, reported_metrics
from tuner.errors import InputError, Problem
from tuner.grid import Scalar
from tuner.importing.files import Experiment, TuneTrial
from tuner.importing.space import tried_space
from tuner.keys import cell_key

_RAY = "ray tune"
_OURS = ("searcher", "scheduler", "trials", "budget")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How an experiment is to be understood. factors: keys of its configuration that are compared, not searched."""

    metric: str
    mode: Mode
    budget_key: str
    factors: tuple[str, ...] = ()


def identity(experiment: Experiment, reading: Reading) -> dict[str, Any]:
    """What tells an import from any other of the same name. Trial ids are Ray's, random, and the first one stays."""
    return {
        "imported": experiment.trials[0].trial_id,
        "search.metric": reading.metric,
        "search.mode": reading.mode,
        "search.budget.key": reading.budget_key,
        "grid": list(reading.factors),
    }


def check(experiment: Experiment, reading: Reading) -> None:
    """Raise InputError with everything that the experiment does not have, and what it has instead."""
    keys: dict[str, None] = {}
    for trial in experiment.trials:
        for result in trial.results:
            keys |= dict.fromkeys(reported_metrics(result, kept=(reading.metric, reading.budget_key)))
    problems = []
    metrics = tuple(sorted(key for key in keys if is_reported(key)))
    if reading.metric not in keys:
        rule = "must be a number that the trials reported, nested keys joined by /"
        problems.append(Problem((), rule, reading.metric, metrics, option="--metric"))
    problems += _check_steps(experiment, reading, metrics)
    settings = tuple(dict.fromkeys(key for trial in experiment.trials for key in trial.config))
    for factor in reading.factors:
        values = [trial.config.get(factor) for trial in experiment.trials]
        if factor not in settings:
            rule = "must be a key of the trials' configuration, nested keys joined by /"
            problems.append(Problem((), rule, factor, settings, option="--factor"))
        elif wrong := [value for value in values if not isinstance(value, Scalar)]:
            problems.append(
                Problem((), "must be text, a number, true or false in each trial", wrong[0], option="--factor")
            )
    if problems:
        raise InputError(problems)


def study_record(experiment: Experiment, reading: Reading, *, study_id: str, name: str, source: str) -> StudyRecord:
    """The experiment as a study."""
    told = json.dumps(identity(experiment, reading), sort_keys=True)
    starts = [trial.started_s for trial in experiment.trials if trial.started_s is not None]
    started_s = experiment.started_s if experiment.started_s is not None else min(starts, default=0.0)
    return StudyRecord(
        study_id=study_id,
        name=name,
        metric=reading.metric,
        mode=reading.mode,
        source=source,
        fingerprint=hashlib.sha256(told.encode()).hexdigest()[:16],
        started_at_ms=int(1000 * started_s),
        params={"trainable": experiment.trainable},
        tags={"imported.from": _RAY, "imported.experiment": experiment.path.resolve().name},
    )


def outcomes(experiment: Experiment, reading: Reading, *, study_id: str) -> list[SearchOutcome]:
    """One search for each combination of the factors' values, in the order of their first trial."""
    searched = _searched(experiment.trials, reading.factors)
    last = max((_step(result, reading) for trial in experiment.trials for result in trial.results), default=0)
    groups: dict[str, list[TuneTrial]] = {}
    for trial in experiment.trials:
        groups.setdefault(cell_key(_cell(trial, reading)), []).append(trial)
    found = []
    for key, group in groups.items():
        search_id = f"{study_id}/{key}"
        trials = [
            _trial(trial, number, search_id=search_id, searched=searched, reading=reading, last=last)
            for number, trial in enumerate(group)
        ]
        fixed = {name: value for name, value in group[0].config.items() if name not in (*searched, *reading.factors)}
        search = _search(search_id, _cell(group[0], reading), fixed, trials, reading, last)
        found.append(SearchOutcome(search=search, trials=trials))
    return found


def _cell(trial: TuneTrial, reading: Reading) -> dict[str, Scalar]:
    return {factor: trial.config.get(factor) for factor in reading.factors}


def _search(
    search_id: str,
    cell: Mapping[str, Scalar],
    fixed: Mapping[str, Any],
    trials: Sequence[TrialRecord],
    reading: Reading,
    last: int,
) -> SearchRecord:
    """The search that these trials are of. last: the most steps that any trial of the experiment ran."""
    ran = {"searcher": _RAY, "scheduler": _RAY, "trials": len(trials), "budget": f"{last} {reading.budget_key}"}
    return SearchRecord(
        search_id=search_id,
        key=search_id.rpartition("/")[2],
        cell=cell,
        metric=reading.metric,
        mode=reading.mode,
        started_at_ms=min(trial.started_at_ms for trial in trials),
        params={**fixed, **ran},
        space=tried_space([trial.config for trial in trials]),
    )


def _check_steps(experiment: Experiment, reading: Reading, metrics: tuple[str, ...]) -> list[Problem]:
    for trial in experiment.trials:
        for result in trial.results:
            step = result.get(reading.budget_key)
            if isinstance(step, bool) or not isinstance(step, int | float) or step != math.floor(step):
                given = reading.budget_key if step is None else f"{reading.budget_key} = {step}"
                rule = f"must be a whole number in every result, which trial {trial.trial_id} lacks"
                choices = ("training_iteration", *metrics)
                return [Problem((), rule, given, choices, option="--budget-key")]
    return []


def _searched(trials: Sequence[TuneTrial], factors: Sequence[str]) -> tuple[str, ...]:
    """The keys that were sampled, or differ between trials: all others are fixed."""
    names = dict.fromkeys(name for trial in trials for name in trial.config if name not in factors)

    def varies(name: str) -> bool:
        values = {json.dumps(trial.config.get(name), default=str) for trial in trials}
        return len(values) > 1 or name in _OURS or any(name in trial.sampled for trial in trials)

    return tuple(name for name in names if varies(name))


def _step(result: Mapping[str, Any], reading: Reading) -> int:
    return int(result[reading.budget_key])


def _clock(seconds: Any, trial: TuneTrial) -> float:
    return float(seconds) if isinstance(seconds, int | float) else trial.started_s or 0.0


def _trial(
    trial: TuneTrial, number: int, *, search_id: str, searched: Sequence[str], reading: Reading, last: int
) -> TrialRecord:
    """One trial. A step that was run again after a restart counts as it was run last."""
    kept = (reading.metric, reading.budget_key)
    steps = {
        _step(result, reading): ResultRecord(
            step=_step(result, reading),
            at_ms=int(1000 * _clock(result.get("timestamp"), trial)),
            metrics=reported_metrics(result, kept=kept),
        )
        for result in trial.results
    }
    results = tuple(steps[step] for step in sorted(steps))
    started_ms = int(1000 * (trial.started_s or 0)) or (results[0].at_ms if results else 0)
    ended_ms = max(started_ms, *(result.at_ms for result in results)) if results else started_ms
    state, error = _state(trial, results, reading, last=last)
    seed = trial.config.get("seed")
    return TrialRecord(
        trial_id=f"{search_id}/{number:04d}",
        number=number,
        config={name: trial.config[name] for name in searched if name in trial.config},
        seed=seed if isinstance(seed, int) else 0,
        state=state,
        started_at_ms=started_ms,
        ended_at_ms=ended_ms,
        stopped_by=_RAY if state is TrialState.STOPPED else None,
        error=error,
        results=results,
    )


def _state(
    trial: TuneTrial, results: Sequence[ResultRecord], reading: Reading, *, last: int
) -> tuple[TrialState, str | None]:
    """How the trial ended, as far as Ray's files tell.

    TERMINATED is what a trial is that used its budget, one that returned, and one that a scheduler or stopper cut. The
    last result of a function that returned is not `done`; one that is done short of the experiment's longest trial, and
    of its own stopping criterion, was cut (or its class said so itself, which Ray does not tell apart).
    """
    if trial.status == "ERROR":
        error = trial.error or "it failed without a message"
        memory = error.splitlines()[-1].partition(":")[0].rpartition(".")[2] in ("OutOfMemoryError", "MemoryError")
        return (TrialState.OUT_OF_MEMORY if memory else TrialState.CRASHED), error
    if trial.status != "TERMINATED":
        return TrialState.INTERRUPTED, None
    values = [result.metrics[reading.metric] for result in results if reading.metric in result.metrics]
    if not values:
        return TrialState.CRASHED, f"it ended without reporting {reading.metric}"
    if not math.isfinite(values[-1]):
        return TrialState.DIVERGED, f"{reading.metric} is {values[-1]} at step {results[-1].step}"
    end = trial.results[-1]
    used = results[-1].step >= last or any(
        isinstance(end.get(name), int | float) and end[name] >= limit for name, limit in trial.stopping.items()
    )
    return (TrialState.COMPLETE if used or not end.get("done") else TrialState.STOPPED), None
