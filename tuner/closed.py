"""A search that is over, as it lies on the disk until the store has all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from disk import write_json
from results.records import SearchRecord, TrialRecord, trial_from_plain
from tuner.outbox import CLOSED, DONE


@dataclass(frozen=True, kw_only=True)
class Export:
    """How the model that is to be registered is made again: a trainable, its run, and the checkpoint it ended with.

    trainable: as `tuner.dispatch.resolve` takes it. config: with the fixed values and the cell. runtime: the fields of
    a `Runtime`. checkpoint: below the search's folder. best: number of the best trial; final: that of the final run
    whose model it is, None if it is the best trial's own.
    """

    trainable: str
    config: Mapping[str, Any]
    runtime: Mapping[str, Any]
    seed: int
    checkpoint: str
    best: int
    final: int | None


@dataclass(frozen=True, kw_only=True)
class Closed:
    """What a search came to, but for its trials, which are in its ledger.

    The test split is opened once: what it told is kept here from then on. budget: what was used up; a larger one goes
    on with the search. files: artifact folder to a path below the search's folder.
    """

    budget: Mapping[str, Any]
    ended_by: str | None
    record: SearchRecord
    test_metrics: Mapping[str, float]
    finals: tuple[TrialRecord, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    export: Export | None = None


def write_closed(folder: Path, closed: Closed) -> None:
    """Say that a search is over; from now on nothing of it needs to be trained or measured again."""
    write_json(folder / CLOSED, asdict(closed))


def read_closed(folder: Path) -> Closed | None:
    """A search that is over and not in the store yet."""
    path = folder / CLOSED
    return _closed(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def mark_done(folder: Path, *, model: str | None) -> None:
    """Say that the store has everything of a search that is over. model: its registered model, `name/version`."""
    path = folder / CLOSED
    plain = json.loads(path.read_text(encoding="utf-8"))
    write_json(folder / DONE, {**plain, "model": model or plain.get("model")})
    path.unlink()


def mark_waiting(folder: Path) -> None:
    """Let a search that the store has everything of be handed over once more."""
    if (folder / DONE).exists():
        write_json(folder / CLOSED, json.loads((folder / DONE).read_text(encoding="utf-8")))


def forget_end(folder: Path) -> None:
    """Let a search that is over go on."""
    for name in (CLOSED, DONE):
        (folder / name).unlink(missing_ok=True)


def read_done(folder: Path) -> tuple[Closed, str | None] | None:
    """A search of which the store has everything, and its registered model."""
    path = folder / DONE
    if not path.exists():
        return None
    plain = json.loads(path.read_text(encoding="utf-8"))
    return _closed(plain), plain["model"]


def _closed(plain: Mapping[str, Any]) -> Closed:
    export = plain.get("export")
    return Closed(
        budget=plain["budget"],
        ended_by=plain["ended_by"],
        record=SearchRecord(**plain["record"]),
        test_metrics=plain["test_metrics"],
        finals=tuple(map(trial_from_plain, plain.get("finals", []))),
        files=plain.get("files", {}),
        export=None if export is None else Export(**export),
    )
