"""Ray tasks that run beside a search's trials: how they are submitted, and which of their ends were not their doing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import LocalRayletDiedError, RayError, RayTaskError

from cluster.connect import Demand
from tuner.dispatch.deaths import is_lost
from tuner.dispatch.director import MOST_LOSSES
from tuner.dispatch.search import SearchJob
from tuner.dispatch.troubles import SearchError
from tuner.dispatch.workers import environment

LOOK_EVERY_S = 0.5


class TaskInterruptedError(Exception):
    """The run was interrupted while a task ran, which is ended."""


def as_task(demand: Demand, function: Callable[..., Any]) -> Any:
    """The function as a Ray task with a trial's resources: `.remote(*arguments)` begins it.

    Ray itself never begins it again: one that it ended for its memory it would begin again without end, and what kills
    a process would most likely do so again. `lost_on_the_way` says when it is worth it.
    """
    return ray.remote(function).options(
        num_cpus=demand.cpu, num_gpus=demand.gpu, max_retries=0, runtime_env={"env_vars": environment()}
    )


def run_task(job: SearchJob, interrupted: Callable[[], bool], function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a process of the cluster and wait for what it returns.

    Raises what it raises as Ray does, TaskInterruptedError, and what `lost_on_the_way` raises.
    """
    task, losses = as_task(job.demand, function), 0
    while True:
        reference = task.remote(*arguments)
        while not ray.wait([reference], timeout=LOOK_EVERY_S)[0]:
            if interrupted():
                ray.cancel(reference, force=True)
                raise TaskInterruptedError
        try:
            return ray.get(reference)
        except RayError as error:
            if interrupted() and not isinstance(error, RayTaskError):  # the cluster may be gone by now
                raise TaskInterruptedError from error
            if not lost_on_the_way(error, losses=losses, cluster_lost=job.lost):
                raise
            losses += 1


def lost_on_the_way(error: RayError, *, losses: int, cluster_lost: Callable[[], str | None]) -> bool:
    """Whether the task that ended so should begin again: its node is gone, as often as a trial may lose its own.

    losses: how often this one was lost before. Raises SearchError where the whole cluster is lost, and every process
    with it: that is not said of a task.
    """
    if isinstance(error, RayTaskError):  # the function raised it
        return False
    why = cluster_lost() or (str(error) if isinstance(error, LocalRayletDiedError) else None)
    if why is not None:
        raise SearchError(f"{why}; the same command then goes on") from error
    return losses < MOST_LOSSES and is_lost(error)
