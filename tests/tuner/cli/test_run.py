"""What `tuner run` says at its end. Oracle: the commands as a person would type them, parsed by a shell's rules."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import typer

from tuner.cli.run import _end, _tell
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


@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_store_lacks_is_said_loudly_with_the_command_that_delivers_it(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Oracle: exit code 1; the count and the command on stderr, the address without its password."""
    result = RunResult(
        study_id="quickstart#2",
        searches=[],
        tracking_uri="https://reader:S3cr3t@mlflow.example",
        ran=True,
        elapsed_s=1.0,
        undelivered="2 ended trials wait",
    )
    with pytest.raises(typer.Exit) as caught:
        _end(result, Path("my runs"), as_json=as_json)
    out, err = capsys.readouterr()
    assert caught.value.exit_code == 1
    assert "NOT EVERYTHING REACHED https://***@mlflow.example: 2 ended trials wait." in err
    assert shlex.split(err.strip().splitlines()[-1])[-5:] == ["tuner", "sync", "quickstart", "--home", "my runs"]
    assert "S3cr3t" not in out + err
