"""Environment variables that Ray reads once, while it is imported, and the private files they point to.

Ray's own defaults listen on every network interface, keep the token in a file that all users of the machine can
read, and look up the cloud that they run in. A local cluster has none of this.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import secrets
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

from cluster.errors import ClusterError

LOOPBACK = "127.0.0.1"
TOKEN_BYTES = 32

# The longest name Ray makes below its temporary directory: a session (time and a pid of up to 7 digits) and one of
# its sockets (the one by which the dashboard starts its parts is longer than the object store's).
_LONGEST_SOCKET = "/session_2026-01-01_00-00-00_000000_4194304/pymp-12345678/listener-12345678"
_SOCKET_LIMIT_BYTES = 103 if sys.platform == "darwin" else 107


def token_path(home: Path) -> Path:
    """Where the token of this home's local clusters lies (mode 0600)."""
    return home.absolute() / "ray" / "token"


def local_settings(home: Path) -> dict[str, str]:
    """Name the environment variables of a local cluster, each with the reason for it."""
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # despite its name: every socket binds to loopback, on Linux as well
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_path(home)),  # Ray's own file is readable by all users of the machine
        "RAY_USAGE_STATS_ENABLED": "0",
        # Where memory runs low one process at a time is ended. Ray's default ends several, innocent trials with them.
        "RAY_worker_killing_policy_by_group": "true",
        "RAY_PROFILING": "1",  # a reused actor's trial is found by a profile event: see dashboard.py
    }


def prepare_environment(home: Path) -> None:
    """Set this process up for a local cluster. Call it before anything imports ray.

    Creates the token file if there is none. A RAY_AUTH_TOKEN of the user's is taken out of this process's
    environment: it would be used instead of the file. Calling it again, for another home too, is fine while no
    cluster runs.

    Raises ClusterError if ray was imported before and would listen on every network interface (it decides that
    while it is imported), or if the token file can be read by others.
    """
    constants = sys.modules.get("ray._private.ray_constants")
    if constants is not None and constants.ENABLE_RAY_CLUSTER:
        raise ClusterError(
            "ray was imported before the local cluster's environment was prepared, and would listen on every network "
            "interface: call cluster.connect.prepare_environment(home) before anything imports ray"
        )
    _ensure_token(token_path(home))
    os.environ.update(local_settings(home))
    os.environ.pop("RAY_AUTH_TOKEN", None)
    if constants is not None:
        _read_again()


def _read_again() -> None:
    """Make an imported ray take its authentication from the environment as it is now."""
    raylet: Any = importlib.import_module("ray._raylet")
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()


def temporary_directory(home: Path) -> Path:
    """Choose Ray's temporary directory: `<home>/ray/s`, or a private one in the system's where that is too long.

    A unix socket's path may have 107 bytes (103 on macOS), of which Ray's session takes 75. Ray makes the
    directory writable by all users, so it always stands in a private one.
    """
    for directory in temporary_directories(home):
        if len(os.fsencode(directory)) + len(_LONGEST_SOCKET) <= _SOCKET_LIMIT_BYTES:
            make_private(directory.parent)
            return directory
    raise ClusterError(f"no directory is short enough for Ray's sockets: {home} and {tempfile.gettempdir()} are not")


def temporary_directories(home: Path) -> list[Path]:
    """Where Ray's temporary directory of a home may be, in the order of preference."""
    key = hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:8]
    shortest = Path("/tmp") / f"tuner-{key}"  # noqa: S108  (made private before it is used)
    parents = (home.absolute() / "ray", Path(tempfile.gettempdir()) / f"tuner-{key}", shortest)
    return [parent / "s" for parent in dict.fromkeys(parents)]


def make_private(directory: Path) -> None:
    """Make a directory that only its owner can enter.

    Raises ClusterError if it exists and is someone else's, or a link: in a shared /tmp it may have been laid out.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ClusterError(f"{directory} must be a directory of your own, but it is someone else's or a link")
    directory.chmod(0o700)


def _ensure_token(path: Path) -> None:
    make_private(path.parent)
    if not path.exists():
        _write_once(path, secrets.token_hex(TOKEN_BYTES))
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ClusterError(
            f"{path} must be readable by its owner alone (mode 0600), but has mode {mode:04o}: "
            "delete it, and the next run makes a new one"
        )


def _write_once(path: Path, text: str) -> None:
    """Write a private file in one step; of several processes at once, the first one wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
