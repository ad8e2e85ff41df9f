"""What Ray Tune is given: a searcher, a stopper and a callback that only forward to the Director.

Tune pickles all three into its snapshots; those are never restored (the ledger is), so they pickle as nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Timer
from typing import Any

import ray
from ray.tune import Callback, Stopper
from ray.tune.experiment import Trial
from ray.tune.result import RESULT_DUPLICATE
from ray.tune.search import Searcher
from typing_extensions import override

from results.records import TrialState
from trainables.training import Training
from tuner.dispatch.deaths import classify, error_of, is_lost
from tuner.dispatch.director import Director
from tuner.dispatch.suggestion import Suggestion
from tuner.dispatch.trial import TICKET, Runtime, Ticket
from tuner.dispatch.troubles import ERROR, HALT, STATE
from tuner.dispatch.tune_metrics import flat, is_reported, reported_metrics
from tuner.dispatch.watch import Watch, silent_for

_CUT_AFTER_S = 2.0


class Forward:
    """The part that the three share: the Director, and which of its trials a Tune trial id stands for.

    training: the class, if the trainable is one of ours: it gets a ticket; a foreign one its hyperparameters only.
    """

    def __init__(self, director: Director, *, training: type[Training] | None, runtime: Runtime) -> None:
        self.director, self._training, self._runtime = director, training, runtime
        self.numbers: dict[str, int] = {}
        self.processes: dict[int, Any] = {}  # the actors of running trials
        self._cutting: Timer | None = None
        limit_s = director.search.epoch_timeout_s
        self._watch = Watch(limit_s) if limit_s is not None else None

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

    def cut_epochs(self) -> None:
        """Kill the processes of running trials soon, if the search was interrupted.

        Tune asks them to end after their epoch and waits ten seconds for each; what it would bring is told to nobody.
        """
        if self._cutting is None and self.director.interrupted:
            self._cutting = Timer(
                _CUT_AFTER_S, lambda processes: [ray.kill(one) for one in processes], [[*self.processes.values()]]
            )
            self._cutting.daemon = True
            self._cutting.start()

    def close(self) -> None:
        """The search has ended: kill nothing any more. Afterwards Ray may be gone, and would be started anew."""
        if self._cutting is not None:
            self._cutting.cancel()

    def heard(self, number: int) -> None:
        """A trial has started or reported."""
        if self._watch is not None:
            self._watch.alive(number)

    def end_overdue(self, trials: Iterable[Any]) -> None:
        """Kill the processes of Tune's running trials whose epoch takes too long; Tune then reports their deaths."""
        if self._watch is None:
            return
        running = [self.numbers[trial.trial_id] for trial in trials if trial.status == Trial.RUNNING]
        for number in self._watch.overdue(running):
            self.director.fail(number, TrialState.TIMED_OUT, silent_for(self._watch.limit_s))
            if (process := self.processes.pop(number, None)) is not None:
                ray.kill(process)

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
        number = self._forward.numbers[trial_id]
        self._forward.heard(number)
        return self._forward.director.result(number, self._forward.flat_metrics(result))

    @override
    def stop_all(self) -> bool:
        self._forward.director.tick()
        self._forward.cut_epochs()
        return self._forward.director.over


class ForwardingCallback(Callback):
    """Tells the Director when a trial has a process and how it ended. cluster_lost: why the cluster is no more."""

    def __init__(self, forward: Forward, *, cluster_lost: Callable[[], str | None]) -> None:
        self._forward, self._cluster_lost = forward, cluster_lost

    def __reduce__(self) -> tuple[Any, ...]:
        return (Callback, ())

    @override
    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        self._forward.end_overdue(trials)

    @override
    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        number = self._forward.numbers[trial.trial_id]
        self._forward.processes[number] = trial.temporary_state.ray_actor
        self._forward.heard(number)
        self._forward.director.started(number)

    @override
    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        number = self._forward.numbers[trial.trial_id]
        self._forward.processes.pop(number, None)
        self._forward.director.end(number)

    @override
    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        number, error = self._forward.numbers[trial.trial_id], error_of(trial)
        self._forward.processes.pop(number, None)
        if (why := self._cluster_lost()) is not None:  # its processes die with it
            self._forward.director.halt(why)
        elif is_lost(error):
            self._forward.director.lost(number, str(error))
        else:
            self._forward.director.end(number, crash=classify(error))


def _says_nothing(result: Mapping[str, Any]) -> bool:
    """Whether a result only says that the trial is done (ours, after its last epoch)."""
    reported = {key for key in flat(result) if is_reported(key)}
    return bool(result.get("done")) and not reported


def _never_stop() -> Stopper:
    from ray.tune.stopper import NoopStopper

    return NoopStopper()
