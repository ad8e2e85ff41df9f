"""Ray Tune's schedulers, in the two ways they are used here.

ASHA and the median rule only ever stop a trial at a result. They are driven by the Director, outside Tune's own loop,
so that an event log can bring their rungs back after a kill (`Tuner.restore` does not: ray issue 30838).
HyperBand and PBT pause, resume and clone trials, which only Tune's controller can do: see pausing.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    MedianStoppingRule,
    TrialScheduler,
)

from tuner.plan import Search

_TIME, _VALUE = "step", "value"
_global_generator = threading.Lock()


class Decider(Protocol):
    """A scheduler that only says when to stop. Values are signed: higher is better."""

    def add(self, number: int) -> None:
        """Trial `number` is about to start."""
        ...

    def should_stop(self, number: int, step: int, value: float) -> bool:
        """Whether trial `number` ends at this result."""
        ...

    def end(self, number: int, step: int, value: float) -> None:
        """Trial `number` has ended after this, its last result."""
        ...


class Fifo:
    """Stops nothing."""

    def add(self, number: int) -> None:
        """Nothing to remember."""

    def should_stop(self, number: int, step: int, value: float) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def end(self, number: int, step: int, value: float) -> None:
        """Nothing to remember."""


@dataclass(frozen=True)
class _Trial:
    """All that Ray's stopping schedulers look at in a trial."""

    trial_id: str


class _NoTrials:
    """Stands for Tune's controller, which the median rule asks for trials that wait for a place."""

    def get_live_trials(self) -> list[_Trial]:
        return []


class RayDecider:
    """One of Ray's stopping schedulers, fed by us instead of by Tune's controller.

    ASHA draws a trial's bracket from numpy's global generator. The generator is swapped for one of our own during
    that draw, so that brackets follow from the search's seed and other code's draws are left alone.
    """

    def __init__(self, scheduler: Any, *, seed: int, hears_ends: bool) -> None:
        self._scheduler = scheduler
        self._hears_ends = hears_ends
        self._generator_state = np.random.RandomState(seed % 2**32).get_state()
        self._controller = _NoTrials()

    @contextmanager
    def _own_generator(self) -> Iterator[None]:
        with _global_generator:
            others = np.random.get_state()  # noqa: NPY002
            np.random.set_state(self._generator_state)  # noqa: NPY002
            try:
                yield
            finally:
                self._generator_state = np.random.get_state()  # noqa: NPY002
                np.random.set_state(others)  # noqa: NPY002

    def add(self, number: int) -> None:
        """Enter the trial into a bracket."""
        with self._own_generator():
            self._scheduler.on_trial_add(self._controller, _Trial(str(number)))

    def should_stop(self, number: int, step: int, value: float) -> bool:
        """Ask the rung (or the median) that this step reaches."""
        result = {_TIME: step, _VALUE: value}
        decision = self._scheduler.on_trial_result(self._controller, _Trial(str(number)), result)
        return bool(decision == TrialScheduler.STOP)

    def end(self, number: int, step: int, value: float) -> None:
        """Let the last result count in its rung."""
        if self._hears_ends:
            result = {_TIME: step, _VALUE: value}
            self._scheduler.on_trial_complete(self._controller, _Trial(str(number)), result)


def build_decider(search: Search) -> Decider:
    """The scheduler of a search as the Director uses it; FIFO where Tune itself schedules (HyperBand, PBT)."""
    plugin = search.scheduler
    scheduler: TrialScheduler
    common: dict[str, Any] = {"time_attr": _TIME, "metric": _VALUE, "mode": "max"}
    if plugin.name == "asha":
        scheduler = AsyncHyperBandScheduler(**common, max_t=search.budget_max, **plugin.options)
        return RayDecider(scheduler, seed=search.seed, hears_ends=True)
    if plugin.name == "median":
        # Its `on_trial_complete` would count the last result twice.
        scheduler = MedianStoppingRule(**common, hard_stop=True, **plugin.options)
        return RayDecider(scheduler, seed=search.seed, hears_ends=False)
    return Fifo()
