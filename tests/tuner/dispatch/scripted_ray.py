"""Ray's tasks without a cluster: each ends as a test says, in the process of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.exceptions import NodeDiedError

RUNS, NEVER_ENDS = object(), object()


def node_died() -> NodeDiedError:
    """The error of a task whose node is gone, in Ray's words."""
    return NodeDiedError("Task failed because the node it was running on is dead or unavailable. Node IP: 10.0.0.1.")


class ScriptedRay:
    """Takes the place of Ray's own functions; `ends` is how the tasks end that are begun, one after another.

    An exception is what fetching its result raises; RUNS: as the function says; NEVER_ENDS: it is never ready.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ends: Iterable[Any]) -> None:
        self._ends = iter(ends)
        self.options: dict[str, Any] = {}
        self.begun: list[Any] = []
        self.cancelled: list[Any] = []
        self._results: dict[Any, Callable[[], Any]] = {}
        for name in ("remote", "wait", "get", "cancel"):
            monkeypatch.setattr(ray, name, getattr(self, name))

    def remote(self, function: Callable[..., Any]) -> Any:
        def options(**options: Any) -> Any:
            self.options = options
            return SimpleNamespace(remote=lambda *arguments: self._begin(function, arguments))

        return SimpleNamespace(options=options)

    def _begin(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> int:
        reference, end = len(self.begun), next(self._ends)
        self.begun.append(arguments)

        def result() -> Any:
            if isinstance(end, BaseException):
                raise end
            return function(*arguments)

        if end is not NEVER_ENDS:
            self._results[reference] = result
        return reference

    def wait(self, references: list[int], *, timeout: float) -> tuple[list[int], list[int]]:
        ready = [reference for reference in references if reference in self._results]
        return ready, [reference for reference in references if reference not in ready]

    def get(self, reference: int) -> Any:
        return self._results[reference]()

    def cancel(self, reference: int, *, force: bool) -> None:
        assert force
        self.cancelled.append(reference)
