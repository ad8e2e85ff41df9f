"""What Ray's runs leave in its temporary directory: a folder of logs and sockets each, named after its driver."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def dead_sessions(directory: Path) -> list[Path]:
    """The folders of sessions whose driver has ended, the newest first. A name ends with the driver's process id."""
    sessions = (path for path in directory.glob("session_2*") if path.is_dir() and not path.is_symlink())
    return sorted((path for path in sessions if not _is_alive(path.name.rpartition("_")[2])), reverse=True)


def remove_old_sessions(directory: Path, *, keep: int) -> None:
    """Delete what earlier runs left, except live sessions and the newest `keep`, dead or not."""
    sessions = sorted((path for path in directory.glob("session_2*") if path.is_dir()), reverse=True)
    dead = set(dead_sessions(directory))
    for session in sessions[keep:]:
        if session in dead:
            shutil.rmtree(session, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
