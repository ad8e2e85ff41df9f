"""Addresses of stores. Oracle: by hand, and SQLAlchemy's own reading of those in SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from results.addresses import absolute, broken_rule, sqlite_address, sqlite_file


@pytest.mark.parametrize(
    ("uri", "whole"),
    [
        ("sqlite:///runs/mlflow.db", "sqlite:////here/runs/mlflow.db"),
        ("sqlite:////runs/mlflow.db", "sqlite:////runs/mlflow.db"),
        ("sqlite:///a b.db?timeout=20", "sqlite:////here/a b.db?timeout=20"),
        ("sqlite+pysqlite:///a.db", "sqlite+pysqlite:////here/a.db"),
        ("https://mlflow.example", "https://mlflow.example"),
        ("postgresql://u:p@h/db", "postgresql://u:p@h/db"),
        ("databricks", "databricks"),
    ],
)
def test_a_relative_file_is_that_of_the_current_folder(uri: str, whole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getcwd", lambda: "/here")
    assert absolute(uri) == whole
    file = sqlite_file(uri)
    assert (None if file is None else str(file)) == (make_url(uri).database if uri.startswith("sqlite") else None)
    assert broken_rule(uri) == broken_rule(whole) == ""


def test_a_file_has_an_address_and_an_address_its_file() -> None:
    assert sqlite_file(sqlite_address(Path("/a/b.db"))) == Path("/a/b.db")


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:x.db", "sqlite://x.db", "sqlite:///:memory:"])
def test_sqlite_without_a_file_is_no_store(uri: str) -> None:
    assert broken_rule(uri).startswith("must name a file: sqlite:///")
    assert absolute(uri) == uri


@pytest.mark.parametrize("uri", ["", "runs/mlflow.db", "file:///tmp/x", "/home/mlflow.db", "ftp://h"])
def test_what_mlflow_does_not_know_is_no_store(uri: str) -> None:
    assert broken_rule(uri).startswith("must be an MLflow URI that begins with sqlite, http, ")
