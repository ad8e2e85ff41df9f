"""What Ray Tune is given: a searcher, a stopper and a callback that only forward to the Director.

Tune pickles all three into its snapshots; those are never restored (the ledger is), so they pickle as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray import cloudpickle
from ray.exceptions import OutOfMemoryError, RayTaskError
from ray.tune import Callback, Stopper
from ray.tune.result import RESULT_DUPLICATE
from ray.tune.search import Searcher
from typing_extensions import override

from results.records import TrialState
from trainables.training import Training
from tuner.dispatch.director import Director
from tuner.dispatch.suggestion import Suggestion
from tuner.dispatch.trial import TICKET, Runtime, Ticket
from tuner.dispatch.troubles import ERROR, HALT, STATE
from tuner.dispatch.tune_metrics import flat, is_reported, reported_metrics, without_colours


class Forward:
    """The part that the three share: the Director, and which of its trials a Tune trial id stands for.

    training: the class, if the trainable is one of ours: it gets a ticket; a foreign one its hyperparameters only.
    """

    def __init__(self, director: Director, *, training: type[Training] | None, runtime: Runtime) -> None:
        self.director, self._training, self._runtime = director, training, runtime
        self.numbers: dict[str, int] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return (dict, ())

    def tune_config(self, suggestion: Suggestion) -> dict[str, Any]:
        """The configuration that Tune hands to the trainable: fixed values, the cell, and what is searched."""
        search = self.director.search
        config = {**search.fixed, **search.cell, **suggestion.config}
        if self._training is None:
            return config
        ticket = Ticket(
            training=self._training,
            runtime=self._runtime,
            number=suggestion.number,
            seed=suggestion.seed,
            done=suggestion.done,
            best_step=suggestion.best_step,
            best=suggestion.best,
        )
        return {**config, TICKET: ticket}

    def flat_metrics(self, result: Mapping[str, Any]) -> dict[str, float]:
        """The numbers a trial reported, nested keys joined by "/", without what Tune adds."""
        kept = {self.director.search.budget_key, self.director.search.metric}
        values = flat(result)
        ours = {key: values[key] for key in (STATE, ERROR, HALT) if key in values}
        return {**reported_metrics(values, kept=kept), **ours}


class ForwardingSearcher(Searcher):
    """Asks the Director for configurations."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self._forward = forward

    def __reduce__(self) -> tuple[Any, ...]:
        return (Searcher, ())

    @override
    def suggest(self, trial_id: str) -> Any:
        suggestion = self._forward.director.suggest()
        if suggestion is None:
            return Searcher.FINISHED if self._forward.director.finished else None
        self._forward.numbers[trial_id] = suggestion.number
        return self._forward.tune_config(suggestion)

    @override
    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Nothing: the callback below tells the Director, with the trial's error at hand."""


class ForwardingStopper(Stopper):
    """Hands every result to the Director. Tune asks a stopper first and always, a scheduler only sometimes."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    def __reduce__(self) -> tuple[Any, ...]:
        return (_never_stop, ())

    @override
    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        if RESULT_DUPLICATE in result or _says_nothing(result):
            return False
        return self._forward.director.result(self._forward.numbers[trial_id], self._forward.flat_metrics(result))

    @override
    def stop_all(self) -> bool:
        self._forward.director.tick()
        return self._forward.director.over


class ForwardingCallback(Callback):
    """Tells the Director when a trial has a process and how it ended."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    def __reduce__(self) -> tuple[Any, ...]:
        return (Callback, ())

    @override
    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._forward.director.started(self._forward.numbers[trial.trial_id])

    @override
    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._forward.director.end(self._forward.numbers[trial.trial_id])

    @override
    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._forward.director.end(self._forward.numbers[trial.trial_id], crash=classify(_error_of(trial)))


def _error_of(trial: Any) -> BaseException | None:
    """What ended a trial. Tune writes it to a local file first; its own `get_error` looks where it is copied later."""
    path = trial.pickled_error_file
    if path is None or not Path(path).exists():
        return None
    with Path(path).open("rb") as file:
        error: BaseException = cloudpickle.load(file)
    return error


def classify(error: BaseException | None) -> tuple[TrialState, str]:
    """The state and the message of a trial that raised or whose process died."""
    cause = error.cause if isinstance(error, RayTaskError) and error.cause is not None else error
    name = type(cause).__name__
    out_of_memory = isinstance(error, OutOfMemoryError) or name in ("OutOfMemoryError", "MemoryError")
    state = TrialState.OUT_OF_MEMORY if out_of_memory else TrialState.CRASHED
    return state, without_colours(str(error)) if error is not None else "it failed without a message"


def _says_nothing(result: Mapping[str, Any]) -> bool:
    """Whether a result only says that the trial is done (ours, after its last epoch)."""
    reported = {key for key in flat(result) if is_reported(key)}
    return bool(result.get("done")) and not reported


def _never_stop() -> Stopper:
    from ray.tune.stopper import NoopStopper

    return NoopStopper()
