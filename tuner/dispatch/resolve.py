"""Turns a study's `trainable` into the object that Ray Tune runs: ours by the catalogue, anybody's by dotted name."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ray import cloudpickle, tune

from trainables import catalog
from tuner.dispatch.trial import TrainingTrial

_PROTOCOL = ("train_epoch", "state_dict", "load_state_dict")


class TrainableError(ValueError):
    """The study's `trainable` is nothing that can be run."""


@dataclass(frozen=True)
class Resolved:
    """target: the object the study names. own: it follows our Training protocol, else it is one of Ray Tune's."""

    target: Any
    own: bool

    @property
    def tests(self) -> bool:
        """Whether it can be trained anew after selection and measured on the test split."""
        return self.own and callable(getattr(self.target, "test", None))

    @property
    def may_reuse_actors(self) -> bool:
        """Whether one process may serve several trials: ours, functions, and classes that say so themselves."""
        if self.own or not inspect.isclass(self.target):
            return True
        return getattr(self.target, "reset_config", None) is not tune.Trainable.reset_config

    @property
    def for_tune(self) -> Callable[..., Any] | type[tune.Trainable]:
        """What `Tuner` is given. A foreign trainable is passed on as it is."""
        return TrainingTrial if self.own else self.target


def resolve(trainable: str) -> Resolved:
    """Import what the study names.

    Raises TrainableError if it cannot be imported or is neither a Training, a Tune class nor a function of a config.
    """
    target = _load(trainable)
    if inspect.isclass(target):
        if issubclass(target, tune.Trainable):
            return Resolved(target, own=False)
        missing = [name for name in _PROTOCOL if not callable(getattr(target, name, None))]
        if not missing:
            return Resolved(target, own=True)
        raise TrainableError(
            f"{trainable} is a class, but no ray.tune.Trainable, and it lacks {', '.join(missing)} of the Training "
            "protocol (trainables/training.py)"
        )
    if not callable(target):
        raise TrainableError(f"{trainable} is a {type(target).__name__}; a trainable is a class or a function")
    return Resolved(target, own=False)


def _load(trainable: str) -> Any:
    if trainable in catalog.names("trainables"):
        return catalog.load("trainables", trainable)
    location, _, attribute = trainable.rpartition(":")
    try:
        module = _module_of_file(Path(location)) if location.endswith(".py") else _module(location)
    except Exception as error:  # whatever a user's module raises while it is imported is the user's to read
        raise TrainableError(f"{trainable} cannot be imported: {type(error).__name__}: {error}") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        public = ", ".join(name for name in vars(module) if not name.startswith("_"))
        raise TrainableError(f"{location} has no `{attribute}`; it has: {public}") from None


def _module(name: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: a package beside the study is found
    return importlib.import_module(name)


def _module_of_file(path: Path) -> ModuleType:
    """Import a file that lies beside the study; its code travels to the trials by value."""
    name = f"study_trainable_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    return module
