"""`--set path=value`: single values of a study replaced from the command line, before anything is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tuner.errors import MISSING, Problem
from tuner.yaml_lines import Path, parse_yaml

_PLUGIN_PLACES = ("searcher", "scheduler", "stoppers")


@dataclass(frozen=True)
class Override:
    """One `--set`: where it points, what it sets, and how it was typed."""

    path: Path
    value: Any

    @property
    def option(self) -> str:
        """How errors name it: "--set search.trials"."""
        return f"--set {'.'.join(map(str, self.path))}"


def parse_override(text: str) -> tuple[Override | None, list[Problem]]:
    """Read `search.trials=8`; the value is a YAML scalar or flow collection, an empty one is null."""
    place, separator, value = text.partition("=")
    parts = place.strip().split(".")
    if not separator or not all(parts):
        rule = "must be written path=value, such as search.trials=8"
        return None, [Problem((), rule, text, option="--set")]
    document = parse_yaml(value)
    override = Override(tuple(parts), document.data)
    return override, [Problem((), f"{p.rule} (in its value)", value, option=override.option) for p in document.problems]


def apply_overrides(data: dict[str, Any], texts: Sequence[str]) -> tuple[list[Override], list[Problem]]:
    """Write each `--set` into `data`, in their order. Returns what was set where, and what is wrong with them."""
    applied: list[Override] = []
    problems: list[Problem] = []
    for text in texts:
        override, wrong = parse_override(text)
        if override is not None and not wrong:
            done, wrong = _apply(data, override)
            applied += done
        problems += wrong
    return applied, problems


def _apply(data: dict[str, Any], override: Override) -> tuple[list[Override], list[Problem]]:
    if override.path[0] == "report":
        rule = "stands in the study file alone: it is read from there when the report is made"
        return [], [Problem((), rule, option=override.option)]
    holder: Any = data
    done: list[str | int] = []
    key: Any
    for position, part in enumerate(override.path):
        last = position == len(override.path) - 1
        key, problem = _step(holder, str(part))
        if problem is not None:
            given, choices = problem.given, problem.choices
            return [], [Problem(tuple(done), problem.rule, given, choices, option=override.option)]
        done.append(key)
        if last:
            _write(holder, key, override)
            continue
        below = holder[key] if isinstance(holder, list) else holder.get(key)
        if isinstance(below, str) and _names_plugin(done) and below == override.path[position + 1]:
            below = holder[key] = {below: None}
        if below is None:
            below = holder[key] = {}
        holder = below
    return [Override(tuple(done), override.value)], []


def _write(holder: Any, key: Any, override: Override) -> None:
    """Set the value. null takes a parameter out of grid or space, unless it removes a preset's entry already."""
    section = override.path[0]
    in_preset = section == "space" and isinstance(holder, dict) and "extends" in holder
    if override.value is None and len(override.path) == 2 and section in ("grid", "space") and not in_preset:
        holder.pop(key, None)
    else:
        holder[key] = override.value


def _names_plugin(path: Sequence[str | int]) -> bool:
    """Whether a bare name at this place stands for a plug-in, so that its options can be set below it."""
    return len(path) > 1 and path[0] == "search" and path[1] in _PLUGIN_PLACES


def _step(holder: Any, part: str) -> tuple[Any, Problem | None]:
    """The key that `part` means in `holder`: a mapping's key, or a list's index."""
    if isinstance(holder, dict):
        return part, None
    if isinstance(holder, list):
        indices = tuple(str(index) for index in range(len(holder)))
        if part in indices:
            return int(part), None
        rule = "is a list, which is entered by an index" if holder else "is an empty list: set it as a whole"
        return part, Problem((), rule, part, indices)
    return part, Problem((), f"is {holder!r}, below which nothing can be set", MISSING)
