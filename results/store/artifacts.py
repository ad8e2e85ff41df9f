"""A run's files: where they lie, which there are, reading one, keeping one. A home that was moved has them with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from results.addresses import sqlite_file

FOLDER = "artifacts"  # beside a SQLite file
_OF_A_RUN = 3  # <experiment>/<run>/artifacts: the last parts of the path


def _folder_of(client: MlflowClient, run: Run) -> Path | None:
    """The folder that a run's artifacts lie in, or would; None if MLflow must be asked, which takes 4 queries a file.

    The store has an absolute path, of the machine and the folder where the run was made. In a home that was moved or
    copied since, and in one seen from a container, the same files lie beside the database: these come first.
    """
    address = urlsplit(run.info.artifact_uri)
    if address.scheme != "file" or address.netloc:
        return None
    noted = Path(url2pathname(address.path))
    database = sqlite_file(client.tracking_uri)
    if database is not None:
        beside = database.parent.joinpath(FOLDER, *noted.parts[-_OF_A_RUN:])
        if beside.is_dir():
            return beside
    return noted


def names_of(client: MlflowClient, run: Run, below: str = "") -> list[str]:
    """The paths of a run's artifacts, or of those below one of its folders, sorted."""
    folder = _folder_of(client, run)
    if folder is None:
        return sorted(_asked(client, str(run.info.run_id), below or None))
    return sorted(path.relative_to(folder).as_posix() for path in (folder / below).rglob("*") if path.is_file())


@contextmanager
def fetched(client: MlflowClient, run: Run, name: str) -> Iterator[Path | None]:
    """A file with the content of an artifact, for the block alone; None if the run has none of this name."""
    folder = _folder_of(client, run)
    if folder is not None:
        yield folder / name if (folder / name).is_file() else None
        return
    above = name.rpartition("/")[0]
    if not any(entry.path == name for entry in client.list_artifacts(run.info.run_id, above or None)):
        yield None
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(client.download_artifacts(run.info.run_id, name, temporary))


def keep(client: MlflowClient, run: Run, file: Path, below: str) -> None:
    """Copy a file to a folder of the run's artifacts."""
    folder = _folder_of(client, run)
    if folder is None:
        client.log_artifact(run.info.run_id, str(file), below or None)
    else:
        repository(client, run).log_artifact(str(file), below or None)  # type: ignore[no-untyped-call]


def repository(client: MlflowClient, run: Run) -> ArtifactRepository:
    """What MLflow reads and writes the run's artifacts with."""
    folder = _folder_of(client, run)
    address = str(run.info.artifact_uri) if folder is None else folder.as_uri()
    return get_artifact_repository(address, tracking_uri=client.tracking_uri)


def _asked(client: MlflowClient, run: str, below: str | None) -> Iterator[str]:
    for entry in client.list_artifacts(run, below):
        if entry.is_dir:
            yield from _asked(client, run, entry.path)
        else:
            yield str(entry.path)
