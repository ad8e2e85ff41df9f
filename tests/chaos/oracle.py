"""What must hold after any number of kills: the ledger, MLflow's own database, and what the machine still has of it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import psutil
from filelock import FileLock

COMPARED = ("suggest", "result", "end", "search_end")
_PATIENCE_S = 60.0


def ledger_lines(path: Path) -> list[str]:
    """The compared fields as the bytes that were written: each line up to its clock, which is its last field."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [line.rpartition(',"clock":')[0] for line in lines]
    return [line for line in found if line.startswith(tuple(f'{{"event":"{kind}"' for kind in COMPARED))]


class Told(NamedTuple):
    """A trial as MLflow has it, or as it must. metrics: how often each (key, step, value) was recorded."""

    state: str
    metrics: Counter[tuple[str, int, float]]


def from_ledger(path: Path, search_id: str) -> dict[str, Told]:
    """What MLflow must have of a search: each ended trial once, each of its metrics once a step."""
    told: dict[str, Told] = {}
    metrics: dict[int, Counter[tuple[str, int, float]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        number = event.get("trial")
        if event["event"] == "result":
            counts = metrics.setdefault(number, Counter())
            counts.update((key, event["step"], float(value)) for key, value in event["metrics"].items())
        elif event["event"] == "end":
            told[f"{search_id}/{number:04d}"] = Told(event["state"], metrics.get(number, Counter()))
    return told


def from_mlflow(database: Path, search_id: str, kept: set[str]) -> dict[str, Told]:
    """What it has of a search, read from its tables; fails where two runs are one trial's. kept: keys to compare."""
    with sqlite3.connect(database) as connection:
        tags = connection.execute(
            "SELECT run_uuid, key, value FROM tags WHERE key IN ('tuner.trial_id', 'tuner.state')"
        ).fetchall()
        rows = connection.execute("SELECT run_uuid, key, step, value FROM metrics").fetchall()
    connection.close()
    runs: dict[str, dict[str, str]] = {}
    for run, key, value in tags:
        runs.setdefault(run, {})[key] = value
    trials = {run: found for run, found in runs.items() if found.get("tuner.trial_id", "").startswith(f"{search_id}/")}
    counts = Counter(found["tuner.trial_id"] for found in trials.values())
    assert set(counts.values()) <= {1}, f"recorded as several runs: {counts.most_common(3)}"
    return {
        found["tuner.trial_id"]: Told(
            found["tuner.state"],
            Counter((key, step, value) for run_id, key, step, value in rows if run_id == run and key in kept),
        )
        for run, found in trials.items()
    }


def check_mlflow(database: Path, ledger: Path, search_id: str) -> None:
    """Every trial of the ledger once, every metric of it once a step, with the value of the ledger; nothing else."""
    due = from_ledger(ledger, search_id)
    kept = {key for told in due.values() for key, _, _ in told.metrics}
    assert from_mlflow(database, search_id, kept) == due


def processes_of(folder: Path) -> list[psutil.Process]:
    """Processes that name a folder in their command line or environment; Ray's servers and workers inherit it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
            if any(str(folder) in word for word in words) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue
    return found


def check_nothing_left(folder: Path, *, ports: Collection[int] = ()) -> None:
    """No process, no port of those given, no lock and no half-written file is left of the runs in a folder.

    Ray's servers notice within seconds that their driver was killed: they are waited for.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left, [(process.pid, process.cmdline()) for process in left]
    while (ownerless := _ownerless(ports)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not ownerless, ownerless
    for path in folder.rglob("*.lock"):
        with FileLock(path, timeout=0):
            pass
    holders = [path for path in folder.rglob("holder.json") if path.is_file()]
    assert not holders, holders
    files = [path for name in ("*.partial", "*.tmp", "*.tmp-*") for path in folder.rglob(name)]
    assert not files, files


def _ownerless(ports: Collection[int]) -> list[int]:
    """Those that are listened on by no process; another's may have the number now."""
    listening = {
        entry.laddr.port: entry.pid
        for entry in psutil.net_connections(kind="tcp")
        if entry.status == psutil.CONN_LISTEN and entry.laddr.port in ports
    }
    return [port for port, pid in listening.items() if pid is None]


def explain(difference: object, *, seed: int) -> str:
    """How a failure is repeated."""
    return f"repeat with: make chaos SEED={seed}\n{difference}"
