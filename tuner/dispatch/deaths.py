"""How a trial's process ended, where it did not end by itself: what Ray's errors say, and what becomes of the trial.

A process that dies takes its trial with it: crashed, or out of memory if Ray killed it to save the machine. Whatever
killed it (a segmentation fault, the kernel) would most likely do so again. A node that is gone is not the trial's
doing: its trials go on elsewhere from their last checkpoints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray import cloudpickle
from ray.exceptions import ActorUnavailableError, NodeDiedError, OutOfMemoryError, RayActorError, RayTaskError

from results.records import TrialState
from tuner.dispatch.tune_metrics import without_colours

# As Ray's server for actors words it; with the driver's own node the owner of its trials is said to have died.
_NODE_DIED = ("its node has died", "because the node", "its owner has died")


class KilledForMemoryError(RayActorError):
    """Ray ended the process because its node ran low on memory, in the form that Tune takes an actor's death in."""

    def __init__(self, message: str) -> None:
        super().__init__(error_msg=message)

    def __reduce__(self) -> tuple[Any, ...]:
        return (KilledForMemoryError, (self.error_msg,))


def accept_all_deaths(controller: Any) -> None:
    """Make Tune's controller treat a process that was killed for memory as dead.

    Seen in Tune 2.60: it knows two kinds of errors, dead actors and failed tasks, and raises the third kind,
    `OutOfMemoryError`, out of its loop, so that one leaking trial ends its whole search. There is no public switch;
    tests/reliability/test_deaths.py fails when a Ray release moves the parts.
    """
    manager = controller._actor_manager
    if "_actor_task_failed" in vars(manager):
        return
    for name in ("_actor_task_failed", "_actor_start_failed"):
        setattr(manager, name, _with_known_error(getattr(manager, name)))


def _with_known_error(handle: Any) -> Any:
    def handled(*, exception: BaseException, **which: Any) -> None:
        handle(exception=known_error(exception), **which)

    return handled


def known_error(exception: BaseException) -> BaseException:
    """The same error; that of a process that was killed for memory as a dead actor's, without Ray's pages of advice."""
    if isinstance(exception, OutOfMemoryError):  # its first two lines: what was used, and the threshold
        return KilledForMemoryError("\n".join(str(exception).splitlines()[:2]))
    return exception


def error_of(trial: Any) -> BaseException | None:
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
    out_of_memory = name in ("OutOfMemoryError", "MemoryError", "KilledForMemoryError")
    state = TrialState.OUT_OF_MEMORY if out_of_memory else TrialState.CRASHED
    return state, without_colours(str(error)) if error is not None else "it failed without a message"


def is_lost(error: BaseException | None) -> bool:
    """Whether a trial's process is gone with its node, or cannot be reached, through no fault of the trial's own."""
    if isinstance(error, ActorUnavailableError):
        return True
    return isinstance(error, RayActorError | NodeDiedError) and any(words in str(error) for words in _NODE_DIED)
