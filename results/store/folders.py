"""Files of a folder as a run's artifacts: the same files again cost nothing, files that are gone are removed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from results.store import artifacts
from results.store.names import legal_key

_log = logging.getLogger(__name__)


def log_files(client: MlflowClient, run: str, folder: Path, files: Collection[Path], to: str) -> bool:
    """Make the artifacts under `to` these files of `folder`, as they lie in it; whether anything had to be sent.

    Whatever else lies in the folder stays there and is not sent: a person chose the folder, and it may be full of
    their own. The digest of all contents stands in the tag `tuner.folder.<to>`, written last: a call that was cut is
    repeated whole. What another call had put there and is not among the files is deleted, where the store can delete.
    Raises ValueError if there is no file, or one outside the folder.
    """
    if not files:
        raise ValueError(f"there must be a file of {folder} to log as artifacts")
    names = {path: f"{to}/{path.relative_to(folder).as_posix()}" for path in sorted(files)}
    tag, digest = legal_key(f"tuner.folder.{to}"), _digest(names)
    found = client.get_run(run)
    there = set(artifacts.names_of(client, found, to))
    if found.data.tags.get(tag) == digest and there == set(names.values()):
        return False
    for path, name in names.items():
        artifacts.keep(client, found, path, name.rpartition("/")[0])
    _remove(client, found, there.difference(names.values()))
    client.set_tag(run, tag, digest)
    return True


def _digest(names: dict[Path, str]) -> str:
    digest = hashlib.sha256()
    for path, name in names.items():
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _remove(client: MlflowClient, run: Run, names: set[str]) -> None:
    if not names:
        return
    repository = artifacts.repository(client, run)
    for name in sorted(names):
        try:
            repository.delete_artifacts(name)  # type: ignore[no-untyped-call]
        except (MlflowException, NotImplementedError, OSError) as error:  # not every artifact store can
            _log.warning("%s is out of date, and the artifact store does not delete it: %s", name, error)
