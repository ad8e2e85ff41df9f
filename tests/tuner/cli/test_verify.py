"""`tuner verify` over a real store. Oracle: the records that were written, and the numbers of a small reference."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()
JSON_PAGE = Path(__file__).parents[3] / "docs" / "json.md"
REFERENCE = """\
study: tiny
title: A tiny paper
source: by hand
protocol: {epochs: 2}
entries:
  - {place: Table 1, name: accuracy, cell: {loss: cosine}, metric: test/accuracy, value: 81, unit: percent, images: 500}
  - {place: Table 1, name: accuracy, cell: {loss: euclidean}, metric: test/accuracy, value: 80, unit: percent}
  - {place: Table 2, name: rate, cell: {loss: cosine}, parameter: lr, value: 0.5}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study `tiny` with one search of three trials that differ in their seeds, test measured at each epoch."""
    from results.store import Store

    root: Path = tmp_path_factory.mktemp("home")
    store = Store(Home(root).tracking_uri, artifact_root=Home(root).artifacts)
    study = StudyRecord(
        study_id="tiny",
        name="tiny",
        metric="val/accuracy",
        mode="max",
        source="",
        fingerprint="f",
        started_at_ms=1,
        params={"trainable": "moving_targets"},
    )
    search = SearchRecord(
        search_id="tiny/cosine",
        key="cosine",
        cell={"loss": "cosine"},
        metric="val/accuracy",
        mode="max",
        started_at_ms=10,
        params={"trials": 3, "budget": "2 epoch"},
    )
    run = store.begin_search(store.begin_study(study), search, new=True)
    trials = [
        TrialRecord(
            trial_id=f"tiny/cosine/{number:04d}",
            number=number,
            config={"lr": 0.01},
            seed=number,
            state=TrialState.COMPLETE,
            started_at_ms=20,
            ended_at_ms=30,
            results=tuple(
                ResultRecord(step=step, at_ms=20 + step, metrics={"val/accuracy": step / 4, "test/accuracy": test})
                for step, test in ((1, 0.1), (2, accuracy))
            ),
        )
        for number, accuracy in enumerate((0.79, 0.80, 0.81))
    ]
    for trial in trials:
        store.write_trial(run, search, trial, new=True)
    store.end_search(run, search, trials, test_metrics={})
    return root


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "printed.yaml"
    path.write_text(REFERENCE, encoding="utf-8")
    return path


def invoke(home: Path, reference: Path | str, *arguments: str):
    return runner.invoke(app, ["verify", "tiny", "--home", str(home), "--reference", str(reference), *arguments])


def test_json_has_a_verdict_for_every_entry_and_documents_its_fields(home: Path, reference: Path) -> None:
    """Oracle: the mean of 79, 80 and 81 is 80; nothing was run for the second entry; lr 0.5 is far from 0.01."""
    facts = json.loads(invoke(home, reference, "--json").stdout)
    assert [entry["verdict"] for entry in facts["entries"]] == ["within", "not run", "below"]
    assert facts["entries"][0]["ours"] == pytest.approx(80)
    assert facts["entries"][0]["runs"] == 3
    assert facts["counts"] == {"within": 1, "below": 1, "not run": 1}
    page = JSON_PAGE.read_text(encoding="utf-8").split("\n## verify\n")[1].split("\n## ")[0]
    names = {*facts, *facts["reference"], *facts["entries"][0]}
    assert names <= set(re.findall(r"\w+", page))


def test_markdown_csv_and_text_say_the_same(home: Path, reference: Path) -> None:
    """Oracle: the JSON's verdicts, parsed back from each form."""
    markdown = [line.split(" | ") for line in invoke(home, reference, "--markdown").stdout.splitlines()]
    column = [cell.strip("| ") for cell in markdown[0]].index("verdict")
    assert [row[column] for row in markdown[2:]] == ["within", "not run", "below"]
    rows = list(csv.DictReader(io.StringIO(invoke(home, reference, "--csv").stdout)))
    assert [row["verdict"] for row in rows] == ["within", "not run", "below"]
    text = invoke(home, reference)
    assert text.stdout.count("\twithin\t") == 1
    assert "1 within, 1 below, 1 not run" in text.stderr


def test_what_was_not_run_can_be_left_out(home: Path, reference: Path) -> None:
    facts = json.loads(invoke(home, reference, "--ran", "--json").stdout)
    assert [entry["verdict"] for entry in facts["entries"]] == ["within", "below"]


def test_a_bad_reference_is_told_line_by_line(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "printed.yaml"
    path.write_text(
        REFERENCE.replace("unit: percent, images", "units: percent, images").replace("value: 0.5", "value: x: 1")
    )
    assert invoke(home, path).exit_code == 2
    path.write_text(
        REFERENCE.replace("unit: percent, images", "units: percent, images").replace("source: by hand\n", "")
    )
    done = invoke(home, path)
    assert done.exit_code == 2
    assert f"{path}:5: entries.0.units: is not a key here" in done.stderr
    assert "source: is required" in done.stderr
    assert "must not be empty" not in done.stderr
    path.write_text(REFERENCE.partition("entries:")[0] + "entries: []\n")
    assert "entries: must not be empty" in invoke(home, path).stderr


def test_a_study_without_printed_numbers_is_told_the_choices(home: Path) -> None:
    done = runner.invoke(app, ["verify", "tiny", "--home", str(home)])
    assert done.exit_code == 2
    assert "must be a study whose printed numbers are at hand" in done.stderr
    assert invoke(home, "printed.yaml").exit_code == 2


def test_only_one_form_at_a_time(home: Path, reference: Path) -> None:
    done = invoke(home, reference, "--csv", "--json")
    assert done.exit_code == 2
    assert "only one of" in done.stderr
