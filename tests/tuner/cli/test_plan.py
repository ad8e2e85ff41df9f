"""`tuner plan`: what would run, as a table and as JSON; estimates against hand computation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from disk import readable_bytes
from tuner import forecast
from tuner.cli.main import app
from tuner.load import load_study
from tuner.pilot import Timing, hours
from tuner.plan import plan_study

Write = Callable[..., Path]
runner = CliRunner()


def test_a_plan_tells_searches_totals_and_data(study_file: Write, tmp_path: Path) -> None:
    done = runner.invoke(app, ["plan", str(study_file()), "--only", "loss=cosine,push_pull", "--home", str(tmp_path)])
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split("\t") == ["search", "trials", "epochs at most", "seed", "searched"]
    assert [line.split("\t")[0] for line in lines[1:3]] == ["cosine", "push_pull"]
    assert "2 searches, 8 trials, at most 72 epochs" in lines
    assert "data: digits comes with scikit-learn" in lines


def test_json_agrees_with_the_plan(study_file: Write, tmp_path: Path) -> None:
    path = study_file()
    done = runner.invoke(app, ["plan", str(path), "--json", "--set", "search.trials=2", "--data-dir", str(tmp_path)])
    facts = json.loads(done.stdout)
    plan = plan_study(load_study(path, overrides=["search.trials=2"]))
    assert facts["fingerprint"] == plan.fingerprint
    assert facts["totals"] == {"searches": 3, "trials": 6, "max_steps": 54}
    assert [(s["key"], s["seed"]) for s in facts["searches"]] == [(s.key, s.seed) for s in plan.searches]
    assert facts["searches"][2]["space"]["r"] == {"constant": 0.95}
    assert facts["data"] == [{"name": "digits", "present": True, "note": "comes with scikit-learn"}]
    assert facts["data_dir"] == str(tmp_path)


def test_missing_data_and_weights_are_told(study_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("TUNER_DATA", raising=False)
    path = study_file("dataset: digits", "dataset: KMNIST", "backbone: mlp", "backbone: resnet18\n  pretrained: true")
    done = runner.invoke(app, ["plan", str(path), "--json", "--home", str(tmp_path)])
    facts = json.loads(done.stdout)
    assert facts["data_dir"] == str(tmp_path / "raw")
    assert facts["data"][0]["present"] is False
    assert "tuner data fetch KMNIST" in facts["data"][0]["note"]
    assert facts["weights"][0]["present"] is False
    assert "resnet18" in facts["weights"][0]["note"]


def test_wrong_options_are_told_without_a_plan(study_file: Write) -> None:
    done = runner.invoke(app, ["plan", str(study_file()), "--only", "los=cosine"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("--only los: is not a factor of the grid")


def test_settings_without_effect_are_noted(study_file: Write) -> None:
    path = study_file("  lr: {loguniform: [1e-4, 1e-2]}\n", "", "\nstart_with:\n  - {lr: 1e-3}", "")
    study = load_study(path, overrides=["search.stoppers.0.trial_plateau.patience=9", "search.max_concurrent=8"])
    notes = forecast.idle_settings(plan_study(study, only={"loss": ["cosine"]}))
    assert notes == [
        "trial_plateau cannot act: patience is 9, and a trial has at most 9 results",
        "search.max_concurrent (8) is more than search.trials (4)",
        "cosine: nothing is searched, so its 4 trials differ in their seeds alone",
    ]


def test_disk_is_the_sum_of_its_parts_by_hand(study_file: Write) -> None:
    """Oracle: 11,176,512 weights of 4 bytes; 70,000 images of 44 x 44; 3 searches of 4 trials of 9 results."""
    path = study_file("backbone: mlp", "backbone: resnet18", "digits", "MNIST")
    plan = plan_study(load_study(path))
    disk = forecast.disk(plan)
    assert disk.models == 3 * 11_176_512 * 4
    assert disk.checkpoints == 4 * 3 * 11_176_512 * 4  # a running trial's four, of weights and two averages
    assert disk.kept == 3 * 3 * 11_176_512 * 4  # one for each search
    grown = plan_study(load_study(path, overrides=["checkpoints.keep=2", "final={seeds: 5}"]))
    assert forecast.disk(grown).kept == 3 * (2 + 5) * 3 * 11_176_512 * 4
    assert disk.prepared == 70_000 * 44 * 44
    assert disk.records == 3 * 4 * 9 * 4000
    assert disk.total == disk.models + disk.checkpoints + disk.kept + disk.prepared + disk.records
    assert disk.unknown == ()
    assert forecast.disk(plan_study(load_study(study_file()))).unknown == ("mlp",)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_400_000_000, "1.4 GB"), (10**16, "10000 TB")]
)
def test_readable_bytes(count: int, text: str) -> None:
    assert readable_bytes(count) == text


def test_hours_are_those_of_all_epochs_side_by_side(study_file: Write) -> None:
    """Oracle: (2 searches x 4 trials x 9 epochs x 10 s + 1 x 4 x 9 x 50 s) / 2 trials at a time."""
    plan = plan_study(load_study(study_file(), overrides=["search.max_concurrent=2"]))
    timings = [Timing(("euclidean", "cosine"), "cpu", 1.0, 10.0), Timing(("push_pull",), "cpu", 1.0, 50.0)]
    assert hours(plan, timings) == pytest.approx((2 * 4 * 9 * 10 + 4 * 9 * 50) / 2 / 3600)


def test_a_pilot_trains_one_epoch_for_each_data_set_and_network(study_file: Write, tmp_path: Path) -> None:
    """A real epoch on the embedded digits."""
    done = runner.invoke(app, ["plan", str(study_file()), "--pilot", "--json", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.output
    pilot = json.loads(done.stdout)["pilot"]
    assert [timing["searches"] for timing in pilot["timings"]] == [["euclidean", "cosine", "push_pull"]]
    epoch_s = pilot["timings"][0]["epoch_s"]
    assert epoch_s > 0
    assert pilot["hours"] == pytest.approx(3 * 4 * 9 * epoch_s / 3600)
    size = pilot["timings"][0]["checkpoint_bytes"]
    assert size > 10_000
    assert (pilot["checkpoints"], pilot["kept"]) == (4 * size, 3 * size)


def test_a_pilot_of_a_foreign_trainable_is_refused(study_file: Write, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def train(config): ...")
    path = study_file("trainable: moving_targets", "trainable: mine.py:train")
    done = runner.invoke(app, ["plan", str(path), "--pilot", "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "must follow the Training protocol for --pilot" in done.stderr


@pytest.mark.long
def test_parameter_counts_are_those_of_torchvision() -> None:
    """Oracle: torchvision's own networks without their last layer."""
    from torchvision import models

    for name, count in forecast.PARAMETERS.items():
        network = getattr(models, name)()
        last = sum(parameter.numel() for parameter in network.fc.parameters())
        assert sum(parameter.numel() for parameter in network.parameters()) - last == count
