"""Keeps the processes of a search alive and busy, where Tune's own reuse of actors loses them.

Seen in Tune 2.60 with `reuse_actors=True` and short trials: (1) a freed process takes over a trial whose own process is
still starting, and the starting one is thrown away, so that two trials never overlap; (2) when two trials end in the
same step only one process is kept. Both cost 4-6 s of imports each time. There is no public switch for either, so this
one file reaches into the controller; tests/integration/test_decisions.py fails when a Ray release moves the parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ray.tune.schedulers import FIFOScheduler
from typing_extensions import override

from tuner.dispatch.deaths import accept_all_deaths

# A process that has not started by then may never.
_STEAL_AFTER_S = 60.0


class WarmPoolScheduler(FIFOScheduler):
    """First in, first out, with up to `size` idle processes kept for the trials to come.

    no_more: whether no further trial will be suggested; idle processes then give their resources back.
    """

    def __init__(self, *, size: int, no_more: Callable[[], bool]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._size, self._no_more = size, no_more
        self._kept: Any = None  # the resource request that the kept processes serve
        self._waiting_since: dict[str, float] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return (FIFOScheduler, ())  # Tune's snapshots need something to pickle; they are never restored

    @override
    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        if self._kept is None:
            accept_all_deaths(tune_controller)
            self._kept = trial.placement_group_factory
            tune_controller._actor_cache.increase_max(self._kept, by=self._size)
            take_over = tune_controller._maybe_reuse_cached_actor
            tune_controller._maybe_reuse_cached_actor = lambda t: self._may_take(tune_controller, t) and take_over(t)

    def _may_take(self, controller: Any, trial: Any) -> bool:
        """Whether a free process may serve this trial: not if its own is starting, which would be thrown away."""
        own = controller._trial_to_actor.get(trial)
        if own is None or own not in controller._actor_manager._live_actors_to_ray_actors_resources:
            return True  # it has no process, or waits for resources that the free one may be holding
        since = self._waiting_since.setdefault(trial.trial_id, time.monotonic())
        return time.monotonic() - since > _STEAL_AFTER_S

    @override
    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        if self._size and self._kept is not None and self._no_more():
            tune_controller._actor_cache.decrease_max(self._kept, by=self._size)
            self._size = 0
        return super().choose_trial_to_run(tune_controller)
