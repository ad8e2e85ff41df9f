"""Options of the stoppers. Amounts are in the metric's own unit unless said otherwise."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainValidator

from tuner.options.base import Options

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)")
_UNIT_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def parse_duration(value: Any) -> Any:
    """Seconds of "90s", "15m", "4h", "1.5d" or a plain number; several parts may follow each other ("1h 30m").

    Raises ValueError for text that is none of these; other types are returned for the model to judge.
    """
    if not isinstance(value, str):
        return value
    parts = list(_DURATION.finditer(value))
    if not parts or _DURATION.sub("", value).strip():
        raise ValueError('must be a duration such as "90s", "15m", "4h" or "1h 30m", or a number of seconds')
    return float(sum(float(part[1]) * _UNIT_S[part[2]] for part in parts))


def _count_or_share(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number of trials, or a share between 0 and 1")  # noqa: TRY004  (pydantic's way)
    if value < 0 or (isinstance(value, float) and value >= 1):
        raise ValueError("must be a number of trials (0 or more), or a share of them below 1.0")
    return value


class TrialPlateau(Options):
    """Stops a trial after `patience` results without an improvement over its best of more than `min_delta`.

    relative: min_delta is a share of the best value's magnitude.
    """

    patience: int = Field(ge=1)
    min_delta: float = Field(0.0, ge=0)
    relative: bool = False


class TrialPlateauStd(Options):
    """Stops a trial whose last `num_results` values have a standard deviation of at most `std` (Ray's stopper).

    grace_period: results before a trial can be stopped.
    """

    std: float = Field(0.01, ge=0)
    num_results: int = Field(4, ge=2)
    grace_period: int = Field(4, ge=1)


class SearchPlateau(Options):
    """Ends the search after `patience` trials that did not raise the best-so-far by more than `min_delta`."""

    patience: int = Field(ge=1)
    min_delta: float = Field(0.0, ge=0)


class Target(Options):
    """Ends the search as soon as a trial reaches `value`."""

    alone: ClassVar[str | None] = "value"
    value: float


class TimeBudget(Options):
    """Ends the search after `seconds` of its running time; written as "90s", "15m", "4h" or a number."""

    alone: ClassVar[str | None] = "seconds"
    seconds: Annotated[
        Annotated[float, Field(gt=0)],
        BeforeValidator(parse_duration, json_schema_input_type=float | str),
    ]


class FailureBudget(Options):
    """Ends the search once more than `max` trials have failed: a count (3) or a share of `search.trials` (0.25)."""

    alone: ClassVar[str | None] = "max"
    max: Annotated[int | float, PlainValidator(_count_or_share, json_schema_input_type=Annotated[float, Field(ge=0)])]


STOPPERS: dict[str, type[Options]] = {
    "failure_budget": FailureBudget,
    "search_plateau": SearchPlateau,
    "target": Target,
    "time_budget": TimeBudget,
    "trial_plateau": TrialPlateau,
    "trial_plateau_std": TrialPlateauStd,
}
