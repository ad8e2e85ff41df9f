"""`tuner data`: what is here, whether it is whole, and how it is told where it cannot be fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuner.cli.main import app

runner = CliRunner()


def test_an_empty_folder_holds_the_embedded_digits_only(tmp_path: Path) -> None:
    done = runner.invoke(app, ["data", "ls", "--data-dir", str(tmp_path), "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["data_dir"] == str(tmp_path)
    present = {entry["name"]: entry["present"] for entry in facts["data_sets"]}
    assert present.pop("digits") is True
    assert set(present) == {"MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100"}
    assert not any(present.values())


def test_the_folder_defaults_to_raw_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUNER_DATA", raising=False)
    done = runner.invoke(app, ["data", "ls", "--home", str(tmp_path), "--json"])
    assert json.loads(done.stdout)["data_dir"] == str(tmp_path / "raw")
    done = runner.invoke(app, ["data", "ls", "--json"], env={"TUNER_HOME": str(tmp_path)})
    assert json.loads(done.stdout)["data_dir"] == str(tmp_path / "raw")
    done = runner.invoke(app, ["data", "ls", "--json"], env={"TUNER_DATA": str(tmp_path)})
    assert json.loads(done.stdout)["data_dir"] == str(tmp_path)


def test_digits_are_verified(tmp_path: Path) -> None:
    done = runner.invoke(app, ["data", "check", "digits", "--data-dir", str(tmp_path)])
    assert done.exit_code == 0
    assert "digits" in done.stdout


def test_a_missing_set_fails_the_check(tmp_path: Path) -> None:
    done = runner.invoke(app, ["data", "check", "MNIST", "--data-dir", str(tmp_path)])
    assert done.exit_code == 1
    assert "train-images-idx3-ubyte" in done.stdout


def test_a_damaged_set_fails_the_check(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{part}-ubyte").write_bytes(b"not images")
    done = runner.invoke(app, ["data", "check", "MNIST", "--data-dir", str(tmp_path), "--json"])
    assert done.exit_code == 1
    entry = json.loads(done.stdout)["data_sets"][0]
    assert entry["present"] is True
    assert entry["verified"] is False


@pytest.mark.parametrize("verb", ["check", "fetch"])
def test_an_unknown_set_is_told_with_the_choices(tmp_path: Path, verb: str) -> None:
    done = runner.invoke(app, ["data", verb, "MNIST", "Fashion", "--data-dir", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is not a named data set, but got 'Fashion'; did you mean FashionMNIST?" in done.stderr


def test_what_cannot_be_fetched_is_told(tmp_path: Path) -> None:
    done = runner.invoke(app, ["data", "fetch", "digits", "--data-dir", str(tmp_path)])
    assert done.exit_code == 1
    assert "digits comes with scikit-learn" in done.stderr


@pytest.mark.data
def test_real_sets_are_whole(data_dir: Path) -> None:
    done = runner.invoke(app, ["data", "check", "FashionMNIST", "--data-dir", str(data_dir), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["data_sets"][0]["verified"] is True
