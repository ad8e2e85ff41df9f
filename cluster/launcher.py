"""Launcher files: how a command is submitted as a Ray job to a cluster that is running elsewhere.

submit:
  address: http://127.0.0.1:8265     # the cluster's dashboard; through `ssh -L 8265:127.0.0.1:8265 head`
  python: /opt/tuner/bin/python      # the interpreter there, an absolute path
  working_dir: .                     # uploaded; relative to this file
  excludes: [runs, .venv]            # what of it is not
  entrypoint: [-m, tuner.cli.main]   # what python runs; the command's arguments follow
  env: {OMP_NUM_THREADS: "1"}
  cpus: 0                            # logical CPUs that the command itself holds
  insecure: false                    # true: send the token unencrypted to a host that is not this machine
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from cluster.errors import LauncherError, Violation

_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_DEFAULT_ENTRYPOINT = ("-m", "tuner.cli.main")


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """A checked launcher file. `working_dir` is absolute."""

    address: str
    python: str
    working_dir: Path | None = None
    excludes: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = _DEFAULT_ENTRYPOINT
    env: Mapping[str, str]
    cpus: float = 0.0


def load_launcher(file: Path) -> Launcher:
    """Read and check a launcher file.

    Raises LauncherError with every violation at once.
    """
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LauncherError(
            file, [Violation(path=(), rule="must be a readable YAML file", given=str(error))]
        ) from error
    if not isinstance(data, dict) or not isinstance(data.get("submit"), dict):
        rule = "must be a mapping with the one key `submit`, a mapping itself"
        raise LauncherError(file, [Violation(path=(), rule=rule, given=data)])
    violations = list(_violations(data, file.parent))
    if violations:
        raise LauncherError(file, violations)
    submit = data["submit"]
    working_dir = submit.get("working_dir")
    return Launcher(
        address=submit["address"].rstrip("/"),
        python=submit["python"],
        working_dir=(file.parent / working_dir).resolve() if working_dir is not None else None,
        excludes=tuple(submit.get("excludes", ())),
        entrypoint=tuple(submit.get("entrypoint", _DEFAULT_ENTRYPOINT)),
        env=dict(submit.get("env", {})),
        cpus=float(submit.get("cpus", 0)),
    )


def _violations(data: Mapping[Any, Any], folder: Path) -> Iterator[Violation]:
    for key in data:
        if key != "submit":
            yield Violation(path=(str(key),), rule="is not known", given=data[key], choices=("submit",))
    submit: Mapping[Any, Any] = data["submit"]
    for key, value in submit.items():
        if key not in _RULES:
            yield Violation(path=("submit", str(key)), rule="is not known", given=value, choices=tuple(_RULES))
        elif (rule := _RULES[key](value)) is not None:
            yield Violation(path=("submit", key), rule=rule, given=value)
    for key in ("address", "python"):
        if key not in submit:
            yield Violation(path=("submit", key), rule="is required", given=None)
    address = submit.get("address")
    if _address(address) is None and submit.get("insecure") is not True and not _is_private(str(address)):
        rule = "must be https, or a tunnel's end on this machine, or insecure: true (the token travels unencrypted)"
        yield Violation(path=("submit", "address"), rule=rule, given=address)
    working_dir = submit.get("working_dir")
    if isinstance(working_dir, str) and not (folder / working_dir).is_dir():
        yield Violation(path=("submit", "working_dir"), rule="must be a directory that exists", given=working_dir)


def _address(value: object) -> str | None:
    rule = "must be the address of the dashboard, http(s)://host:port"
    if not isinstance(value, str):
        return rule
    try:
        parts = urlsplit(value)
        ok = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port is not None
    except ValueError:
        return rule
    return None if ok and not parts.username and parts.path in ("", "/") else rule


def _is_private(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK_HOSTS


def _python(value: object) -> str | None:
    absolute = isinstance(value, str) and PurePosixPath(value).is_absolute()
    return None if absolute else "must be the interpreter's absolute path on the cluster"


def _text(value: object) -> str | None:
    return None if isinstance(value, str) and value else "must be a text"


def _texts(value: object) -> str | None:
    ok = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
    return None if ok else "must be a list of texts"


def _env(value: object) -> str | None:
    ok = isinstance(value, dict) and all(isinstance(item, str) for pair in value.items() for item in pair)
    return None if ok else "must map names to texts (quote numbers)"


def _cpus(value: object) -> str | None:
    ok = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    return None if ok else "must be a number, at least 0"


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


_RULES: Mapping[str, Callable[[object], str | None]] = {
    "address": _address,
    "python": _python,
    "working_dir": _text,
    "excludes": _texts,
    "entrypoint": _texts,
    "env": _env,
    "cpus": _cpus,
    "insecure": _flag,
}
