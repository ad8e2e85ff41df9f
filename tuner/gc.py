"""What of a home nobody needs any more, and why; and what only looks so. The store itself is never touched.

A study that can be gone on with keeps all that it needs for that: its ledgers, the checkpoints of running trials, and
of a search that is over those of its best trials, for it may be given more trials.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from cluster.environment import temporary_directories
from cluster.sessions import dead_sessions
from tuner.closed import read_done
from tuner.errors import RunError
from tuner.home import Home
from tuner.outbox import has_all, read_posting, search_folders, waiting
from tuner.study_folder import StudyFolder, generations, locked, partials, study_names

DAY_S = 24 * 3600


@dataclass(frozen=True)
class Leftover:
    """A file or folder that can go."""

    path: Path
    why: str
    bytes: int


@dataclass(frozen=True)
class Spared:
    """A file or folder that stays, though one might have looked for it among the others."""

    path: Path
    why: str


@dataclass
class Sweep:
    """What was found in a home. removed: whether it is gone."""

    leftovers: list[Leftover] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    removed: bool = False

    @property
    def bytes(self) -> int:
        """Of all that can go."""
        return sum(leftover.bytes for leftover in self.leftovers)


def sweep(home: Home, *, dry_run: bool, unused_days: float) -> Sweep:
    """Find what can go, and remove it unless `dry_run`. unused_days: how long prepared data must not have been read.

    What another process holds meanwhile is left alone: each study is held for this process while it is looked at and
    cleared.
    """
    found = Sweep(removed=not dry_run)
    with ExitStack() as held:
        busy = False
        for name in study_names(home):
            try:
                held.enter_context(locked(home, name))
            except RunError as error:
                found.spared.append(Spared(home.study(name), str(error)))
                busy = True
                continue
            busy = _study(generations(home, name), found) or busy
            gone = tuple(leftover.path for leftover in found.leftovers)
            for path in partials(home.study(name)):
                if not any(path.is_relative_to(folder) for folder in gone):
                    found.leftovers.append(_leftover(path, "half written by a process that was killed"))
        _prepared(home.prepared, found, needed=busy, unused_s=unused_days * DAY_S)
        for directory in temporary_directories(home.root):
            sessions = dead_sessions(directory)
            found.leftovers += [_leftover(path, "logs of a Ray session that has ended") for path in sessions]
        if not dry_run:
            for leftover in found.leftovers:
                _remove(leftover.path)
    return found


def _study(folders: list[StudyFolder], found: Sweep) -> bool:
    """Look at the generations of a study; whether the newest one is unfinished."""
    for folder in folders:
        left = waiting(folder)
        if left:
            found.spared.append(Spared(folder.path, f"{left} wait for the store: `tuner sync {folder.name}`"))
        elif folder is not folders[-1]:
            if read_posting(folder) is not None or _is_finished(folder):
                found.leftovers.append(_leftover(folder.path, "replaced by --fresh; its records are in the store"))
            else:
                why = "replaced by --fresh, but by a version that did not note what the store has"
                found.spared.append(Spared(folder.path, why))
        else:
            for path in search_folders(folder):
                found.leftovers += _search(path) if _is_finished(folder) else ()
    newest = folders[-1]
    if _is_finished(newest) and not waiting(newest):
        return False
    found.spared.append(Spared(newest.path, "can be gone on with"))
    return True


def _is_finished(folder: StudyFolder) -> bool:
    """Whether everything of a study is in the store and nothing of it is half done."""
    posting = read_posting(folder)
    if posting is not None and not posting.delivered:
        return False
    keys = posting.searches if posting is not None else [path.name for path in search_folders(folder)]
    return all(has_all(folder.search(key)) for key in keys)


def _search(path: Path) -> Iterator[Leftover]:
    """What can go of a search that is over, in the newest generation of its study."""
    done = read_done(path)
    if done is None:
        return
    kept = done[0].files.get("checkpoint")
    for entry in sorted(path.glob("tune" if kept is None else "tune/*")):
        if kept is None or not (path / kept).is_relative_to(entry):
            yield _leftover(entry, "Ray Tune's own files of a search that is over")
    # A final run's id ends with ".../0007@12/final-00": its winner's folder is "0007@12".
    winners = {final.trial_id.rsplit("/", 2)[-2] for final in done[0].finals}
    for folder in sorted(path.glob("final/*")):
        if folder.name not in winners:
            yield _leftover(folder, "final runs of an earlier winner")


def _prepared(folder: Path, found: Sweep, *, needed: bool, unused_s: float) -> None:
    """Prepared data: rebuilt from the raw files when it is asked for again."""
    for entry in sorted(folder.glob("*")):
        if entry.is_dir():
            name = entry.name.partition(".tmp-")[0].removeprefix(".")
            try:
                with FileLock(folder / f".{name}.lock", timeout=0):
                    _prepared_set(entry, found, needed=needed, unused_s=unused_s)
            except Timeout:
                found.spared.append(Spared(entry, "is being prepared by another process"))


def _prepared_set(entry: Path, found: Sweep, *, needed: bool, unused_s: float) -> None:
    if ".tmp-" in entry.name:
        found.leftovers.append(_leftover(entry, "data half prepared by a process that was killed"))
    elif needed:
        found.spared.append(Spared(entry, "a study of this home runs, or can be gone on with"))
    else:
        stats = [path.stat() for path in entry.rglob("*")]
        idle_s = time.time() - max((max(stat.st_atime, stat.st_mtime) for stat in stats), default=0.0)
        if idle_s >= unused_s:
            found.leftovers.append(_leftover(entry, f"prepared data, not read for {idle_s / DAY_S:.0f} days"))


def _leftover(path: Path, why: str) -> Leftover:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    return Leftover(path, why, sum(file.stat().st_size for file in files))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
