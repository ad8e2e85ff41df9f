"""Addresses in a study are made absolute when it is read, because trials run in other folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.load import load_study


def test_a_relative_sqlite_address_is_read_from_the_current_folder(
    study_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Oracle: three slashes and a relative path, as SQLAlchemy and MLflow read it."""
    monkeypatch.chdir(tmp_path)
    path = study_file("start_with:", "tracking: {uri: 'sqlite:///runs/mlflow.db'}\nstart_with:")
    assert load_study(path).tracking.uri == f"sqlite:///{tmp_path}/runs/mlflow.db"
