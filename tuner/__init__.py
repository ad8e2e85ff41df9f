"""Hyperparameter search from a study file: `from tuner import Study, run` does all that the command line does.

    from tuner import load_study, run
    result = run(load_study("studies/quickstart.yaml", overrides=["search.trials=4"]), home="runs")

Names are looked up on first use: importing this package costs nothing, and only `run`, once called, needs ray.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.errors import InputError as InputError
    from tuner.errors import Interrupted as Interrupted
    from tuner.errors import Problem as Problem
    from tuner.errors import RunError as RunError
    from tuner.errors import TunerError as TunerError
    from tuner.load import load_study as load_study
    from tuner.plan import Plan as Plan
    from tuner.plan import plan_study as plan_study
    from tuner.run import RunResult as RunResult
    from tuner.run import run as run
    from tuner.study import Study as Study

_HOMES = {
    "InputError": "tuner.errors",
    "Interrupted": "tuner.errors",
    "Plan": "tuner.plan",
    "Problem": "tuner.errors",
    "RunError": "tuner.errors",
    "RunResult": "tuner.run",
    "Study": "tuner.study",
    "TunerError": "tuner.errors",
    "load_study": "tuner.load",
    "plan_study": "tuner.plan",
    "run": "tuner.run",
}


class _Package(ModuleType):
    """Keeps `tuner.run` the function: importing the module of that name would bind the module to it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
