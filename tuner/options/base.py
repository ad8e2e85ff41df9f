"""What every options model shares: unknown keys refused, frozen, and a value that may be written alone."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, field_validator


class Options(BaseModel):
    """Options of one searcher, scheduler or stopper.

    alone: the field that a bare value stands for, as in `{target: 0.99}` for `{target: {value: 0.99}}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    alone: ClassVar[str | None] = None

    @field_validator("*", mode="before")
    @classmethod
    def _finite(cls, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("must be a finite number")
        return value
