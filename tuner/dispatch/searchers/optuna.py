"""Optuna's tree-structured Parzen estimator over an in-memory study, asked and told."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.samplers import TPESampler
from optuna.trial import Trial, TrialState

from search_spaces.domains import Choice, Constant, Domain, Int, LogInt, LogUniform, Normal, Uniform
from search_spaces.space import Space
from tuner.dispatch.hush import Hush
from tuner.dispatch.searchers.base import Mode, Numbers, label
from tuner.options.searchers import Optuna

_quiet = Hush("optuna", level=logging.WARNING)  # no news of its new study on the console


class OptunaSearcher:
    """Define-by-run TPE: only parameters of branches that hold are suggested, each branch under a name of its own.

    A failed trial is told as pruned without a value: Optuna ranks those behind all that ended, so that TPE learns to
    keep away, whereas it would not look at one told as failed.
    """

    def __init__(
        self,
        space: Space,
        options: Optuna,
        *,
        mode: Mode,
        seed: int,
        start_with: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._space = space
        self._points = start_with
        self._numbers = Numbers()
        self._trials: dict[int, Trial] = {}
        sampler = TPESampler(
            n_startup_trials=options.n_initial,
            n_ei_candidates=options.n_candidates,
            multivariate=options.multivariate,
            constant_liar=options.constant_liar,
            seed=seed % 2**32,  # numpy's RandomState takes no more
        )
        with _quiet:
            self._study = optuna.create_study(sampler=sampler, direction="maximize" if mode == "max" else "minimize")

    def suggest(self, number: int) -> dict[str, Any]:
        """The starting point of this number, else TPE's suggestion; never exhausted."""
        self._numbers.suggested(number)
        point = self._points[number] if number < len(self._points) else None
        if point is not None:
            self._study.enqueue_trial(self._encode(point))
        trial = self._trials[number] = self._study.ask()
        suggested = self._space.walk(lambda name, index, domain: _suggest(trial, label(name, index), domain))
        return suggested if point is None else dict(point)

    def observe(self, number: int, value: float | None) -> None:
        """Tell the study the trial's value."""
        self._numbers.observed(number)
        trial = self._trials.pop(number)
        if value is None or not math.isfinite(value):
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, value)

    def _encode(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """The point in the study's own names and values."""
        params: dict[str, Any] = {}

        def choose(name: str, index: int, domain: Domain) -> Any:
            value = point[name]
            if isinstance(domain, Choice):
                params[label(name, index)] = domain.index(value)
            elif not isinstance(domain, Constant):
                params[label(name, index)] = domain.encode(value) if isinstance(domain, Normal) else value
            return value

        self._space.walk(choose)
        return params


def _suggest(trial: Trial, name: str, domain: Domain) -> Any:
    """The trial's value for one branch, typed and in bounds."""
    match domain:
        case Constant():
            return domain.value
        case Choice():
            # Indices: Optuna would take 1, 1.0 and True for one option, and refuses lists.
            return domain.options[trial.suggest_categorical(name, range(len(domain.options)))]
        case Normal():
            return domain.decode(trial.suggest_float(name, *domain.latent))
        case Uniform() | LogUniform():
            value = trial.suggest_float(name, domain.low, domain.high, log=isinstance(domain, LogUniform))
            return min(max(float(value), float(domain.low)), float(domain.high))
        case Int() | LogInt():
            return trial.suggest_int(name, domain.low, domain.high, log=isinstance(domain, LogInt))
