"""The folder of one study in a home: who runs it now, what it was when it began, and its searches' files.

<home>/studies/<name>/<generation>/study.json     fingerprint and the fields it was made from
                                   study.yaml     the file as it was first run
                                   searches/<key>/ledger.jsonl, trials/, done.json
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from disk import write_json, write_whole
from disk.writing import PARTIAL
from tuner.errors import InputError, Problem, RunError
from tuner.fingerprints import identity
from tuner.home import Home
from tuner.study import Study

ERROR_NOTE = "error.txt"  # in a search's folder: what ended it, with its traceback


@dataclass(frozen=True)
class StudyFolder:
    """One generation of a study. began_at_ms: when it was first run."""

    path: Path
    name: str
    generation: int
    began_at_ms: int

    @property
    def study_id(self) -> str:
        """Unique in a store: the name, with the generation behind it after --fresh."""
        return self.name if self.generation == 1 else f"{self.name}#{self.generation}"

    def search(self, key: str) -> Path:
        """The folder of one search."""
        return self.path / "searches" / key


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What begins, or goes on, in a study's folder. identity: what must not have changed when it goes on."""

    name: str
    source: str
    identity: Mapping[str, Any]


def claim(home: Home, study: Study, *, fresh: bool) -> AbstractContextManager[StudyFolder]:
    """Hold the study's folder for this process, and begin a generation in it, or go on with the newest.

    Raises RunError if another process holds it, InputError if the study differs from the one that began there in more
    than its budgets.
    """
    return hold(home, Beginning(name=study.name, source=study.source, identity=identity(study)), fresh=fresh)


@contextmanager
def hold(home: Home, study: Beginning, *, fresh: bool) -> Iterator[StudyFolder]:
    """The same for whatever is recorded under a study's name."""
    with locked(home, study.name) as root:
        for partial in partials(root):  # of processes that were killed: nobody else writes here now
            partial.unlink(missing_ok=True)
        yield _generation(root, study, fresh=fresh)


@contextmanager
def locked(home: Home, name: str) -> Iterator[Path]:
    """Hold a study's folder, as it is, for this process. Raises RunError if another process holds it."""
    root = home.study(name)
    root.mkdir(parents=True, exist_ok=True)
    holder = root / "holder.json"
    lock = FileLock(root / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(f"study {name} is being run by {_holder(holder)}; wait for it or stop it") from None
    try:
        me = {"pid": os.getpid(), "host": platform.node(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        write_json(holder, me)
        yield root
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def partials(folder: Path) -> list[Path]:
    """Files in a study's folder that were being written; once the study is held, by a process that was killed."""
    return sorted(folder.rglob(f".*{PARTIAL}"))


def generations(home: Home, name: str) -> list[StudyFolder]:
    """The generations of a study that has been run in this home, the oldest first; none of any other study."""
    return [_read(path, name) for path in _generations(home.study(name))]


def study_names(home: Home) -> list[str]:
    """The studies that have been run in this home."""
    return sorted(path.name for path in home.studies.glob("*") if _generations(path))


def _generation(root: Path, study: Beginning, *, fresh: bool) -> StudyFolder:
    generations = _generations(root)
    if generations and not _begun(generations[-1]):  # a mistake was found at its start: nothing holds it to what it was
        return _write(generations[-1], study)
    if generations and not fresh:
        began_as = json.loads((generations[-1] / "study.json").read_text(encoding="utf-8"))["identity"]
        _refuse_changes(study.name, began_as, study.identity)
        return _read(generations[-1], study.name)
    number = int(generations[-1].name) + 1 if generations else 1  # older ones may have been removed
    return _write(root / f"{number:04d}", study)


def _begun(path: Path) -> bool:
    """Whether any search got further than a note of what was wrong with it."""
    return any({file.name for file in folder.iterdir()} != {ERROR_NOTE} for folder in path.glob("searches/*"))


def _write(path: Path, study: Beginning) -> StudyFolder:
    path.mkdir(exist_ok=True)
    write_whole(path / "study.yaml", lambda file: file.write(study.source.encode()))
    # Last, because its presence says that the generation is whole.
    write_json(path / "study.json", {"began_at_ms": int(time.time() * 1000), "identity": dict(study.identity)})
    return _read(path, study.name)


def _generations(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("[0-9][0-9][0-9][0-9]/study.json"))


def _read(path: Path, name: str) -> StudyFolder:
    began_at_ms = json.loads((path / "study.json").read_text(encoding="utf-8"))["began_at_ms"]
    return StudyFolder(path, name, int(path.name), began_at_ms)


def _refuse_changes(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    if not changed:
        return
    rule = (
        f"differs from the study {name!r} that began in this home; only budgets may change. Give this one another "
        "name (--name), start anew (--fresh, the old runs are kept), or go back to"
    )
    raise InputError(
        [Problem(tuple(key.split(".")), f"{rule} {_brief(before.get(key))}", now.get(key)) for key in sorted(changed)]
    )


def _brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another process"
    return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
