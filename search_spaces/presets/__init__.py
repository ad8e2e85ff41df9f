"""Named spaces that a study extends: `space: {extends: moving_targets, lr: {constant: 1.0e-3}, r: null}`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from search_spaces.violations import SpaceError, Violation


@cache
def preset_names() -> tuple[str, ...]:
    """The names of all presets, sorted."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


def load_preset(name: object) -> dict[str, Any]:
    """A preset's mapping, as `Space.parse` takes it. Raises SpaceError if there is no such preset."""
    # The name is looked up rather than joined to a path: it comes from a study file.
    if not isinstance(name, str) or name not in preset_names():
        raise SpaceError([Violation(("extends",), "must name a preset", name, preset_names())])
    return copy.deepcopy(_read(name))


@cache
def _read(name: str) -> dict[str, Any]:
    text = resources.files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def extend_preset(preset: Mapping[str, Any], entries: Mapping[Any, Any]) -> dict[Any, Any]:
    """A preset's entries, replaced as a whole and in their place by those of the same name; null removes one."""
    return {name: entry for name, entry in {**preset, **entries}.items() if not (entry is None and name in preset)}
