"""What an experiment tried, as a study writes a space: Ray's JSON files do not say what could have been tried. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_DECADES_OF_A_LOG_SCALE = 2.0


def tried_space(configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A domain for each parameter over the values that it took: figures and exports need a scale for each.

    Whole numbers: `int`; numbers: `uniform`; either over two decades or more: `logint`, `loguniform`. All else is a
    `choice` of what was tried.
    """
    names = dict.fromkeys(name for config in configs for name in config)
    return {name: _domain([config[name] for config in configs if name in config]) for name in names}


def _domain(values: Sequence[Any]) -> dict[str, Any]:
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return {"choice": list({json.dumps(value, default=str): value for value in values}.values())}
    low, high = min(values), max(values)
    if low == high:
        return {"constant": low}
    whole = all(isinstance(value, int) for value in values)
    log = low > 0 and high / low >= 10**_DECADES_OF_A_LOG_SCALE
    return {("logint" if log else "int") if whole else ("loguniform" if log else "uniform"): [low, high]}
