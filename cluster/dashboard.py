"""Find trials in Ray's dashboard, by name.

The dashboard names an actor by the `__repr__` it had when it was created, for good: an actor that Tune reuses
keeps its first trial's name there, and no call changes it. So each trial also leaves a profile event with its name
(`mark`), which the dashboard shows among the actor's tasks and in the timeline about a second later.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 30.0
_LIMIT = 10_000  # the most rows that Ray's state API returns


def mark(name: str) -> None:
    """In a worker, within a task: let the dashboard find this task's actor by `name` (ASCII).

    Does nothing outside of Ray, or where the worker was started without RAY_PROFILING.
    """
    import ray
    from ray._private import profiling

    if ray.is_initialized():
        with profiling.profile(name):
            pass


def actors(dashboard_url: str, token: str) -> list[str]:
    """List the actors' names, as each was called when it was created; the dead ones too."""
    rows = _state(dashboard_url, token, "actors")
    return [str(row["repr_name"] or row["class_name"]) for row in rows]


def marks(dashboard_url: str, token: str) -> dict[str, str]:
    """Map each name that `mark` was called with to the id of its actor, the latest one if there were several."""
    rows = [row for row in _state(dashboard_url, token, "tasks") if row.get("events") is not None]
    found: dict[str, tuple[float, str]] = {}
    for row in rows:
        for event in (row.get("profiling_data") or {}).get("events", []):
            name, at_ms = str(event["event_name"]), float(event["start_time"])
            if not name.startswith("task:") and at_ms >= found.get(name, (0.0, ""))[0]:
                found[name] = (at_ms, str(row["actor_id"]))
    return {name: actor_id for name, (_, actor_id) in found.items()}


def _state(dashboard_url: str, token: str, kind: str) -> list[dict[str, Any]]:
    """Ask the state API. Raises urllib.error.HTTPError (401, 403: the token), URLError when nothing answers."""
    if urlsplit(dashboard_url).scheme not in ("http", "https"):
        raise ValueError(f"dashboard_url must start with http:// or https://, but got {dashboard_url!r}")
    request = urllib.request.Request(  # noqa: S310  (scheme checked above)
        f"{dashboard_url}/api/v0/{kind}?detail=1&limit={_LIMIT}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310  (scheme checked above)
        answer = json.load(response)
    rows: list[dict[str, Any]] = answer["data"]["result"]["result"]
    return rows
