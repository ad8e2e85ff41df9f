"""A trial as the Director sees it: first a suggestion, then open until it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from results.records import TrialState


@dataclass(frozen=True)
class Suggestion:
    """A configuration to train, new or continued after an interruption.

    done: steps that are already in the ledger. best_step, best: the best of them and its value, None if there is none.
    """

    number: int
    config: Mapping[str, Any]
    seed: int
    done: int = 0
    best_step: int | None = None
    best: float | None = None


@dataclass
class OpenTrial:
    """A trial that has not ended. Values are signed: higher is better."""

    number: int
    config: Mapping[str, Any]
    step: int = 0
    value: float | None = None
    best: float | None = None
    best_step: int | None = None
    stopped_by: str | None = None
    failure: tuple[TrialState, str] | None = None
    running: bool = field(default=False, compare=False)  # of this session, not of the ledger
