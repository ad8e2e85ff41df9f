"""What Ray's errors say of a trial. Oracle: errors as Ray makes them."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, OutOfMemoryError, RayActorError, RayTaskError

from results.records import TrialState
from tuner.dispatch.deaths import KilledForMemoryError, accept_all_deaths, classify, is_lost


def _raised(cause: Exception) -> RayTaskError:
    return RayTaskError("train", "Traceback ...", cause)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (KilledForMemoryError("the node runs low on memory"), TrialState.OUT_OF_MEMORY),
        (_raised(MemoryError()), TrialState.OUT_OF_MEMORY),
        (_raised(RuntimeError("shapes differ")), TrialState.CRASHED),
        (ActorDiedError(), TrialState.CRASHED),
        (None, TrialState.CRASHED),
    ],
)
def test_the_state_follows_from_the_error(error: BaseException | None, state: TrialState) -> None:
    assert classify(error)[0] is state


def test_a_process_killed_for_memory_reaches_tune_as_a_dead_actor() -> None:
    """Oracle: Tune's `isinstance(exception, RayActorError)`; the message survives the file that Tune writes it to."""
    seen: list[tuple[str, Any]] = []

    class Manager:
        def _actor_task_failed(self, tracked_actor_task: str, exception: Exception) -> None:
            seen.append((tracked_actor_task, exception))

        def _actor_start_failed(self, tracked_actor: str, exception: Exception) -> None:
            seen.append((tracked_actor, exception))

    manager = Manager()
    controller = SimpleNamespace(_actor_manager=manager)
    for _ in range(2):  # once for each trial
        accept_all_deaths(controller)
    other = ActorDiedError()
    manager._actor_task_failed(
        tracked_actor_task="task", exception=OutOfMemoryError("low on memory\n6 GB of 5\nAdvice")
    )
    manager._actor_start_failed(tracked_actor="actor", exception=other)
    (task, killed), (actor, same) = seen
    assert (task, actor) == ("task", "actor")
    assert isinstance(killed, RayActorError)
    sent = pickle.loads(pickle.dumps(killed))  # noqa: S301  (our own bytes, as Ray would send them)
    assert classify(sent) == (TrialState.OUT_OF_MEMORY, "low on memory\n6 GB of 5")
    assert same is other


def test_only_a_node_that_is_gone_gives_its_trials_back() -> None:
    gone = RayActorError(error_msg="The actor died because its node has died. Node Id: 4f")
    assert is_lost(gone)
    assert is_lost(RayActorError(error_msg="The actor is dead because its owner has died. Owner Id: 01"))
    assert is_lost(ActorUnavailableError("the connection broke", None))
    assert not is_lost(ActorDiedError())
    assert not is_lost(_raised(RuntimeError("its node has died, said the trainable")))
    assert not is_lost(None)
