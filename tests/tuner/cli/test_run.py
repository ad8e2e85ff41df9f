"""What `tuner run` says at its end. Oracle: the commands as a person would type them, parsed by a shell's rules."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tuner.cli.run import _tell
from tuner.home import Home
from tuner.run import RunResult


@pytest.mark.parametrize(
    ("home", "tracking_uri", "trials", "browser"),
    [
        ("runs", None, ["quickstart#2"], "tuner ui"),
        ("my runs", None, ["quickstart#2", "--home", "my runs"], "tuner ui --home 'my runs'"),
        (
            "runs",
            "https://reader:S3cr3t@mlflow.example:80",
            ["quickstart#2", "--tracking-uri", "https://***@mlflow.example:80"],
            "https://mlflow.example:80",
        ),
        ("runs", "postgresql://h/db", ["quickstart#2", "--tracking-uri", "postgresql://h/db"], None),
    ],
)
def test_where_to_look_further_is_where_the_study_was_recorded(
    home: str, tracking_uri: str | None, trials: list[str], browser: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the study's id: its file may have been run under another name, or anew, or into another store."""
    uri = tracking_uri or Home(Path(home).absolute()).tracking_uri
    result = RunResult(study_id="quickstart#2", searches=[], tracking_uri=uri, ran=True, elapsed_s=1.0)
    _tell(result, Path(home))
    said = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines() if ": " in line)
    assert shlex.split(said["every trial"]) == ["tuner", "trials", *trials]
    assert said.get("in the browser") == browser
