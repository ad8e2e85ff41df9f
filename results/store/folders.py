"""A folder of files as a run's artifacts: the same files again cost nothing, files that are gone are removed."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from results.store.names import legal_key
from results.store.reading import files_of

_log = logging.getLogger(__name__)


def log_folder(client: MlflowClient, run: str, folder: Path, to: str) -> bool:
    """Make the artifacts under `to` what `folder` holds; whether anything had to be sent.

    The digest of all contents stands in the tag `tuner.folder.<to>`, written last: a call that was cut is repeated
    whole. What another call had put there and is in the folder no more is deleted, where the store can delete.
    Raises ValueError if `folder` is no folder or has no files.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if not files:
        raise ValueError(f"what is logged as artifacts must be a folder with files, but got {folder}")
    names = {f"{to}/{path.relative_to(folder).as_posix()}" for path in files}
    tag, digest = legal_key(f"tuner.folder.{to}"), _digest(folder, files)
    there = set(files_of(client, run, to))
    found = client.get_run(run)
    if found.data.tags.get(tag) == digest and there == names:
        return False
    client.log_artifacts(run, str(folder), to)
    _remove(client, str(found.info.artifact_uri), there - names)
    client.set_tag(run, tag, digest)
    return True


def _digest(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _remove(client: MlflowClient, artifacts: str, names: set[str]) -> None:
    if not names:
        return
    repository = get_artifact_repository(artifacts, tracking_uri=client.tracking_uri)
    for name in sorted(names):
        try:
            repository.delete_artifacts(name)  # type: ignore[no-untyped-call]
        except (MlflowException, NotImplementedError, OSError) as error:  # not every artifact store can
            _log.warning("%s is out of date, and the artifact store does not delete it: %s", name, error)
