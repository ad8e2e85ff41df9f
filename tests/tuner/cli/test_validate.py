"""`tuner validate`: exit codes, streams, JSON, and --deep, which imports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuner.cli import common
from tuner.cli.main import app

Write = Callable[..., Path]
runner = CliRunner()


def test_a_valid_study_is_told_on_stdout(study_file: Write) -> None:
    path = study_file()
    done = runner.invoke(app, ["validate", str(path)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{path}: ok (3 searches of at most 4 trials)\n"


def test_problems_of_all_files_are_told_on_stderr(study_file: Write, tmp_path: Path) -> None:
    good = study_file()
    bad = study_file("trials: 4", "trials: 0", "backbone: mlp", "backbone: mpl", name="bad.yaml")
    done = runner.invoke(app, ["validate", str(bad), str(good), str(tmp_path / "none.yaml")])
    assert done.exit_code == 2
    assert done.stdout.startswith(f"{good}: ok")
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert lines[1] == f"{bad}:17: search.trials: must be at least 1, but got 0"
    assert "Traceback" not in done.output


def test_json_is_all_that_stands_on_stdout(study_file: Write) -> None:
    path = study_file("trials: 4", "trials: 0")
    done = runner.invoke(app, ["validate", str(path), "--json"])
    assert (done.exit_code, done.stderr) == (2, "")
    facts = json.loads(done.stdout)
    assert facts["ok"] is False
    assert facts["studies"][0]["problems"] == [
        {
            "file": str(path),
            "line": 17,
            "option": None,
            "path": "search.trials",
            "rule": "must be at least 1",
            "given": 0,
            "choices": [],
            "message": "must be at least 1, but got 0",
        }
    ]


def test_an_unexpected_error_is_one_line_with_a_hint(study_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("oh")

    monkeypatch.setattr("tuner.load.inspect", broken)
    monkeypatch.delenv(common.DEBUG, raising=False)
    done = runner.invoke(app, ["validate", str(study_file())])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "KeyError: 'oh'"
    assert "--debug" in done.stderr
    monkeypatch.setenv(common.DEBUG, "")  # so that what --debug sets is undone
    done = runner.invoke(app, ["--debug", "validate", str(study_file())])
    assert "Traceback" in done.stderr


TRAINABLES = """
class Training:
    def __init__(self, config, context): ...
    def train_epoch(self): ...
    def state_dict(self): ...
    def load_state_dict(self, state): ...

class WithoutContext(Training):
    def __init__(self, config): ...

class Half:
    def __init__(self, config, context): ...
    def train_epoch(self): ...

def function(config): ...
def two(config, data): ...
value = 3
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Training", None),
        ("function", None),
        ("WithoutContext", "must be callable as Training(config, context)"),
        ("Half", "lacks state_dict, load_state_dict"),
        ("two", "must be callable as trainable(config)"),
        ("value", "a trainable is a class or a function"),
    ],
)
def test_deep_imports_the_trainable_and_checks_its_signature(
    study_file: Write, tmp_path: Path, name: str, message: str | None
) -> None:
    (tmp_path / "mine.py").write_text(TRAINABLES)
    path = study_file("trainable: moving_targets", f"trainable: mine.py:{name}")
    done = runner.invoke(app, ["validate", "--deep", str(path)])
    if message is None:
        assert (done.exit_code, done.stderr) == (0, "")
    else:
        assert done.exit_code == 2
        assert done.stderr.startswith(f"{path}: trainable: ")
        assert message in done.stderr


def test_deep_tells_a_module_that_fails_on_import(study_file: Write, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import no_such_module\ndef train(config): ...")
    path = study_file("trainable: moving_targets", "trainable: mine.py:train")
    assert runner.invoke(app, ["validate", str(path)]).exit_code == 0
    done = runner.invoke(app, ["validate", "--deep", str(path)])
    assert done.exit_code == 2
    assert "No module named 'no_such_module'" in done.stderr


def test_deep_takes_the_catalogue_s_own_names(study_file: Write) -> None:
    done = runner.invoke(app, ["validate", "--deep", str(study_file())])
    assert (done.exit_code, done.stderr) == (0, "")
