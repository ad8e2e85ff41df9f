"""`tuner ls` lists what the catalogues hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from trainables import catalog
from tuner.cli.ls import Kind
from tuner.cli.main import app
from tuner.options.plugin import PLUGINS

runner = CliRunner()


def listed(kind: str, *options: str) -> list[dict[str, Any]]:
    done = runner.invoke(app, ["ls", kind, "--json", *options])
    assert (done.exit_code, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["kind"] == kind
    entries: list[dict[str, Any]] = facts["entries"]
    return entries


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_listed_as_text_and_json(kind: Kind) -> None:
    done = runner.invoke(app, ["ls", kind.value])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 1 + len(listed(kind.value))


@pytest.mark.parametrize(
    ("kind", "catalogues"),
    [("models", ("models",)), ("losses", ("losses",)), ("rules", ("decision_rules", "fitted_rules"))],
)
def test_names_are_the_catalogue_s_and_all_are_described(kind: str, catalogues: tuple[str, ...]) -> None:
    entries = listed(kind)
    assert [entry["name"] for entry in entries] == [name for kind in catalogues for name in catalog.names(kind)]
    assert all(entry["about"] for entry in entries)


def test_plugins_are_listed_with_their_options() -> None:
    for kind in ("searcher", "scheduler", "stopper"):
        assert [entry["name"] for entry in listed(f"{kind}s")] == sorted(PLUGINS[kind])
    asha = next(entry for entry in listed("schedulers") if entry["name"] == "asha")
    assert asha["options"] == {"grace_period": 1, "reduction_factor": 4, "brackets": 1}
    target = next(entry for entry in listed("stoppers") if entry["name"] == "target")
    assert target["options"] == {"value": "required"}


def test_a_loss_s_parameters_are_listed() -> None:
    losses = {entry["name"]: entry["options"] for entry in listed("losses")}
    assert losses["push_pull"] == {"r": "required"}
    assert losses["euclidean"] == {}


def test_a_trainable_s_options_are_listed() -> None:
    options = listed("trainables")[0]["options"]
    assert options["dataset"] == "required"
    assert options["lr"] == 1e-3


def test_studies_are_listed_with_their_problems(study_file: Callable[..., Path], tmp_path: Path) -> None:
    study_file()
    study_file("trials: 4", "trials: 0", name="bad.yaml")
    assert listed("studies", "--folder", str(tmp_path)) == [
        {"name": None, "file": str(tmp_path / "bad.yaml"), "searches": None, "trials": None, "problems": 1},
        {"name": "tiny", "file": str(tmp_path / "study.yaml"), "searches": 3, "trials": 4, "problems": 0},
    ]


def test_an_unknown_kind_is_told_with_the_choices() -> None:
    done = runner.invoke(app, ["ls", "losess"])
    assert done.exit_code == 2
    assert "losses" in done.stderr
