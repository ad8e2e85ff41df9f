"""What of a study lies on the disk, ended, and is not in the store yet: told from its folder alone, without the store.

<generation>/run.json                    the study's record, its store, and the searches of the last run
<generation>/searches/<key>/search.json  the search's record
                            ledger.jsonl   its trials; delivered.json: the numbers of those that the store has
                            closed.json    the search is over, and what of it the store must still be told
                            done.json      ... and it has been
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from disk import DiskFullError, means_full, write_json, write_whole
from disk.full import free_bytes
from results.addresses import sqlite_file
from results.records import SearchRecord, StudyRecord
from tuner.study_folder import StudyFolder

if TYPE_CHECKING:
    from results.store import Store

RUN, SEARCH, LEDGER, DELIVERED, CLOSED, DONE = (
    "run.json", "search.json", "ledger.jsonl", "delivered.json", "closed.json", "done.json",
)  # fmt: skip
_END = b'{"event":"end"'  # how the ledger begins such a line


@dataclass(frozen=True, kw_only=True)
class Posting:
    """Where a study's records go. searches: keys of the last run's. delivered: their table is in the store."""

    record: StudyRecord
    tracking_uri: str
    artifact_root: Path | None
    searches: tuple[str, ...]
    delivered: bool = False

    def open_store(self) -> Store:
        """The store, for a caller that tries again by itself. Imports MLflow."""
        from results.store import Store

        return Store(self.tracking_uri, artifact_root=self.artifact_root, retries=False)


@dataclass(frozen=True)
class Waiting:
    """What the store has not got: ended trials, ended searches, and whether the study's table is among it."""

    trials: int = 0
    searches: int = 0
    table: bool = False

    def __bool__(self) -> bool:
        return bool(self.trials or self.searches or self.table)

    def __str__(self) -> str:
        table = " and the table of the best models" if self.table else ""
        return f"{self.trials} ended trials, {self.searches} ended searches{table}"

    def told(self, why: str | None) -> str:
        """The same with the reason, for a person."""
        return f"{self} wait on the disk ({why})"


def reason(posting: Posting, error: Exception) -> str:
    """Why the store did not take a record, in one line; of a SQLite file on a full disk with its place and the room."""
    path = sqlite_file(posting.tracking_uri)
    if means_full(error) and not isinstance(error, DiskFullError) and path is not None:
        error = DiskFullError(path, None, free_bytes(path))
    return str(error).partition("\n")[0]


def write_posting(folder: StudyFolder, posting: Posting) -> None:
    """Note where the records go; readable by its owner alone, because an address may hold a password."""
    text = json.dumps(asdict(posting), indent=1, default=str)

    def write(file: BinaryIO) -> None:
        if hasattr(file, "name"):
            os.chmod(file.name, 0o600)  # noqa: PTH101
        file.write(text.encode())

    write_whole(folder.path / RUN, write)


def read_posting(folder: StudyFolder) -> Posting | None:
    """Where the study's records go; None for one that nothing has been run of."""
    plain = _read(folder.path / RUN)
    if plain is None:
        return None
    root = plain["artifact_root"]
    return Posting(
        record=StudyRecord(**plain["record"]),
        tracking_uri=plain["tracking_uri"],
        artifact_root=None if root is None else Path(root),
        searches=tuple(plain["searches"]),
        delivered=plain["delivered"],
    )


def write_search(folder: Path, record: SearchRecord) -> None:
    """Note a search's record beside its ledger."""
    write_json(folder / SEARCH, asdict(record))


def read_search(folder: Path) -> SearchRecord | None:
    """The record of a search that has begun."""
    plain = _read(folder / SEARCH)
    return None if plain is None else SearchRecord(**plain)


def read_delivered(folder: Path) -> set[int]:
    """Numbers of the trials that the store has for certain; too few after a power cut, never too many."""
    numbers = _read(folder / DELIVERED)
    return set() if numbers is None else set(numbers)


def waiting(folder: StudyFolder) -> Waiting:
    """What of a study the store has not got."""
    posting = read_posting(folder)
    if posting is None:
        return Waiting()
    searches = search_folders(folder)
    return Waiting(
        trials=sum(len(undelivered(path)) for path in searches),
        searches=sum((path / CLOSED).exists() for path in searches),
        table=not posting.delivered and is_over(folder, posting.searches),
    )


def undelivered(folder: Path) -> set[int]:
    """Numbers of the ended trials of a search that the store has not got for certain."""
    return _ended(folder) - read_delivered(folder)


def has_all(folder: Path) -> bool:
    """Whether the store has been told the end of a search, and nothing has come since."""
    return (folder / DONE).exists() and not (folder / CLOSED).exists()


def readdress(folder: StudyFolder, tracking_uri: str, artifact_root: Path | None) -> None:
    """Let a study's records go to this store from now on; to another than before, all of them once more.

    The home's own store, which is the one with an `artifact_root`, stays the same one wherever the home lies now.
    """
    from tuner.closed import mark_waiting

    posting = read_posting(folder)
    if posting is None or posting.tracking_uri == tracking_uri:
        return
    moved = posting.artifact_root is not None and artifact_root is not None
    for path in [] if moved else search_folders(folder):
        (path / DELIVERED).unlink(missing_ok=True)
        mark_waiting(path)
    delivered = posting.delivered and moved
    write_posting(folder, replace(posting, tracking_uri=tracking_uri, artifact_root=artifact_root, delivered=delivered))


def is_over(folder: StudyFolder, searches: Sequence[str]) -> bool:
    """Whether all these searches are over."""
    folders = [folder.search(key) for key in searches]
    return all((path / CLOSED).exists() or (path / DONE).exists() for path in folders)


def search_folders(folder: StudyFolder) -> list[Path]:
    """The folders of the searches that have begun."""
    return sorted(path.parent for path in folder.path.glob(f"searches/*/{LEDGER}"))


def _ended(folder: Path) -> set[int]:
    """Numbers of the ended trials of a search; a ledger of 100,000 lines is not parsed for it."""
    with (folder / LEDGER).open("rb") as lines:
        return {json.loads(line)["trial"] for line in lines if line.startswith(_END) and line.endswith(b"\n")}


def _read(path: Path) -> Any:
    """The JSON of a file; None if it is not there, or torn."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
