"""What Ray Tune hands back, as we keep it: flat numbers without what Tune added, errors without colours."""

from __future__ import annotations

import numbers
import re
from collections.abc import Collection, Mapping
from typing import Any

from ray.tune.result import AUTO_RESULT_KEYS, RESULT_DUPLICATE
from ray.tune.utils import flatten_dict

_TUNES_OWN = {*AUTO_RESULT_KEYS, RESULT_DUPLICATE, "done", "trial_id", "experiment_tag", "should_checkpoint"}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested keys joined by "/"."""
    return dict(flatten_dict(dict(values)))


def is_reported(key: str) -> bool:
    """Whether a flat key is the trainable's own."""
    return key not in _TUNES_OWN and not key.startswith("config/")


def reported_metrics(result: Mapping[str, Any], *, kept: Collection[str]) -> dict[str, float]:
    """The numbers of a flat result that a trainable reported, and those of Tune's own that are in `kept`."""
    return {
        key: _plain(value)
        for key, value in result.items()
        if isinstance(value, numbers.Real) and not isinstance(value, bool) and (key in kept or is_reported(key))
    }


def without_colours(text: str) -> str:
    """A message as plain text: Ray colours the first line of a remote traceback."""
    return _COLOUR.sub("", text)


def _plain(value: Any) -> float:
    return int(value) if isinstance(value, numbers.Integral) else float(value)
