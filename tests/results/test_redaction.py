"""No secret of an address is left; everything else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from results.redaction import redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@h:5000/x", "https://***@h:5000/x"),
        ("https://token@h/x", "https://***@h/x"),
        ("postgresql+psycopg2://u:p/@w@h/db?sslmode=require", "postgresql+psycopg2://***@h/db?sslmode=require"),
        (
            "http://h/?access_token=a.b&x=1&API_KEY=2;password=4#f",
            "http://h/?access_token=***&x=1&API_KEY=***;password=***#f",
        ),
        ("request to http://u:p@h/api failed: 'http://u:p@h'", "request to http://***@h/api failed: 'http://***@h'"),
        ('{"tracking_uri": "mysql://u:p@h/db"}', '{"tracking_uri": "mysql://***@h/db"}'),
    ],
)
def test_secrets_are_hidden(text: str, shown: str) -> None:
    """Oracle: by hand."""
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////home/me@work/mlflow.db",
        "sqlite:////a/b.db?timeout=20",
        "http://127.0.0.1:5000/#/compare-runs?runs=[%22a%22]&experiments=[%221%22]",
        "a mail to me@work, 3 s: fine",
        "models:/quickstart-all@champion",
        "http://127.0.0.1:8265 asks once for the token in /home/x/ray/token",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert redacted(text) == text


words = st.text("abcXYZ019._~%-", min_size=3, max_size=12)


@given(words, words, st.sampled_from(["postgresql", "mysql+pymysql", "mssql", "http", "https"]))
def test_what_sqlalchemy_calls_the_password_is_gone(user: str, password: str, scheme: str) -> None:
    """Oracle: SQLAlchemy's own reading of the address."""
    address = f"{scheme}://{user}:{password}@host:5432/db"
    assert make_url(address).host == "host"
    shown = redacted(f"error at {address}: no")
    assert shown == f"error at {scheme}://***@host:5432/db: no"
