"""Worker processes that are ready before a trial needs them.

Starting one costs seconds of imports. Ray hands an idle process on if its runtime environment is the same, so our own
tasks are given exactly the one that Tune gives its trials: the process that prepared a search's data then becomes its
first trial's, and the one that opened its test split the next search's.
"""

from __future__ import annotations

import os

from ray.tune.execution.class_cache import DEFAULT_ENV_VARS, ENV_VARS_TO_PROPAGATE

from trainables import catalog

_ALWAYS = ("ray.tune", "tuner.dispatch.trial")


def environment() -> dict[str, str]:
    """The environment variables that Tune gives the processes of its trials."""
    propagated = {name: os.environ[name] for name in ENV_VARS_TO_PROPAGATE if name in os.environ}
    return {**DEFAULT_ENV_VARS, **propagated}


def modules(trainable: str) -> tuple[str, ...]:
    """What a process imports while it starts: a trainable of the catalogue can be, a user's file cannot."""
    if trainable not in catalog.names("trainables"):
        return _ALWAYS
    return (*_ALWAYS, catalog.resolve("trainables", trainable).partition(":")[0])
