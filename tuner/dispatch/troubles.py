"""How a trial says that it, or the whole search, cannot go on, and what the search then says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.errors import RunError
from tuner.plan import Search

STATE, ERROR = "_state", "_error"  # how a trial of ours reports its own failure without losing its process
HALT = "_halt"  # what keeps it, and with it the search, from going on, though neither failed


class SearchError(RunError):
    """The search cannot go on: a trial does not report what the study needs, or the ledger does not fit the code."""


def not_reported(search: Search, number: int, metrics: Mapping[str, Any]) -> SearchError | None:
    """What to say of a result that lacks the budget's key or the metric; None if it has both."""
    missing = [key for key in (search.budget_key, search.metric) if key not in metrics]
    if not missing:
        return None
    roles = {search.budget_key: "search.budget.key", search.metric: "search.metric"}
    wanted = " and ".join(f"`{key}` ({roles[key]})" for key in missing)
    return SearchError(f"trial {number} reported no {wanted}; it reported: {', '.join(sorted(metrics)) or 'nothing'}")


def other_suggestion(ledger: Path, event: Mapping[str, Any], config: Mapping[str, Any]) -> SearchError:
    """What to say where replaying a ledger brings another configuration than the one it tells."""
    return SearchError(
        f"{ledger}: trial {event['trial']} was {event['config']}, but the searcher now suggests {config}: "
        "another version of the code or of a library wrote this ledger. Run it with that version, or start anew "
        "with --fresh (the old trials are kept)."
    )
