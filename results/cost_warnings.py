"""Why searches may not be comparable: they did not have the same budget, beyond what early stopping explains. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from results.records import SearchOutcome

_NAMED, _GROUPS = 3, 4  # searches of a group that are named, groups that are told; the rest are counted


def cost_warnings(outcomes: Sequence[SearchOutcome]) -> tuple[str, ...]:
    """One sentence for each way in which the searches' budgets differ; that trials were cut earlier is none.

    What follows from a difference that was told and parts the searches in the same way is not told again.
    """
    unfinished = [o.search.key for o in outcomes if any(trial.state.unfinished for trial in o.trials)]
    finished = [outcome for outcome in outcomes if outcome.search.key not in unfinished]
    told: dict[tuple[tuple[str, ...], ...], str] = {}
    if unfinished:
        told[()] = f"not finished, so this is not all that they cost: {_listed(unfinished)}"
    for what, compared, read in _READERS:
        groups: dict[str, list[str]] = {}
        for outcome in outcomes if compared == "all" else finished:
            groups.setdefault(str(read(outcome)), []).append(outcome.search.key)
        if len(groups) > 1:
            told.setdefault(tuple(map(tuple, groups.values())), _sentence(what, groups))
    return tuple(told.values())


def _rules(outcome: SearchOutcome) -> str:
    rules = [str(outcome.search.params.get(name, "none")) for name in ("scheduler", "stoppers")]
    return " and ".join(rule for rule in rules if rule not in ("none", "fifo")) or "none"


def _trials_run(outcome: SearchOutcome) -> int:
    return len(outcome.trials)


def _trials_usable(outcome: SearchOutcome) -> int:
    return sum(not trial.state.failed for trial in outcome.trials)


_READERS: tuple[tuple[str, str, Callable[[SearchOutcome], Any]], ...] = (
    ("the budget of a trial differs", "all", lambda outcome: outcome.search.params.get("budget")),
    ("the trials planned differ", "all", lambda outcome: outcome.search.params.get("trials")),
    ("the rules that cut trials differ", "all", _rules),
    ("the trials run differ", "finished", _trials_run),
    ("the trials that did not fail differ", "finished", _trials_usable),
)


def _sentence(what: str, groups: dict[str, list[str]]) -> str:
    largest = sorted(groups.items(), key=lambda group: -len(group[1]))
    told = [f"{value} in {_listed(keys)}" for value, keys in largest[:_GROUPS]]
    if len(largest) > _GROUPS:
        told.append(f"{len(largest) - _GROUPS} other values in {sum(len(keys) for _, keys in largest[_GROUPS:])} more")
    return f"{what}: {'; '.join(told)}"


def _listed(keys: Sequence[str]) -> str:
    named = ", ".join(keys[:_NAMED])
    return named if len(keys) <= _NAMED else f"{named} and {len(keys) - _NAMED} more"
