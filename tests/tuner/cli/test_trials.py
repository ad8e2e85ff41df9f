"""`tuner trials` and `tuner show` over a real store. Oracle: the records that were written."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()
DOCS = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
SEARCH = SearchRecord(
    search_id="tiny/cosine", key="cosine", cell={"loss": "cosine"}, metric="val/loss", mode="min", started_at_ms=1
)


def trial(number: int, state: TrialState, losses: list[float], **more: str) -> TrialRecord:
    return TrialRecord(
        trial_id=f"tiny/cosine/{number:04d}",
        number=number,
        config={"lr": 0.1 / (number + 1)},
        seed=number,
        state=state,
        started_at_ms=1_000,
        ended_at_ms=3_500,
        results=tuple(
            ResultRecord(step=step, at_ms=step, metrics={"val/loss": loss}) for step, loss in enumerate(losses, start=1)
        ),
        **more,
    )


TRIALS = [
    trial(0, TrialState.COMPLETE, [math.inf, 2.0, 1.0, 1.5]),
    trial(1, TrialState.STOPPED, [3.0], stopped_by="asha"),
    trial(2, TrialState.CRASHED, [], error="Traceback\nValueError: boom"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from results.store import Store

    root: Path = tmp_path_factory.mktemp("home")
    store = Store(Home(root).tracking_uri, artifact_root=Home(root).artifacts)
    study = StudyRecord(
        study_id="tiny", name="tiny", metric="val/loss", mode="min", source="", fingerprint="f", started_at_ms=1
    )
    run = store.begin_search(store.begin_study(study), SEARCH)
    for record in TRIALS:
        store.write_trial(run, SEARCH, record, new=True)
    (root / "log.txt").write_text("a line")
    store.log_file(store.begin_trial(run, SEARCH, TRIALS[2]), root / "log.txt", "logs")
    return root


def invoke(home: Path, *arguments: str) -> str:
    done = runner.invoke(app, [*arguments, "--home", str(home)])
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_one_row_a_trial(home: Path) -> None:
    _, *rows = (line.split("\t") for line in invoke(home, "trials", "tiny").splitlines())
    assert rows == [
        ["tiny/cosine/0000", "complete", "1", "3", "2.5", "lr=0.1"],
        ["tiny/cosine/0001", "stopped by asha", "3", "1", "2.5", "lr=0.05"],
        ["tiny/cosine/0002", "crashed", "", "", "2.5", "lr=0.0333333"],
    ]


def test_csv_has_every_parameter_and_metric(home: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(invoke(home, "trials", "tiny", "--csv", "--search", "cosine"))))
    assert [float(row["lr"]) for row in rows] == [record.config["lr"] for record in TRIALS]
    assert [row["val/loss"] for row in rows] == ["1.0", "3.0", ""]
    assert rows[2]["error"] == "Traceback\nValueError: boom"


def test_json_of_trials_and_show_is_as_documented(home: Path) -> None:
    facts = json.loads(invoke(home, "trials", "tiny", "--json"))
    assert [entry["state"] for entry in facts["trials"]] == ["complete", "stopped", "crashed"]
    assert facts["trials"][0]["best"] == {"step": 3, "metrics": {"val/loss": 1.0}}
    assert facts["trials"][2]["best"] is None
    shown = json.loads(invoke(home, "show", "tiny/cosine/0000", "--json"))
    assert shown["results"][0] == {"step": 1, "at_ms": 1, "metrics": {"val/loss": "inf"}}
    assert [result["step"] for result in shown["results"]] == [1, 2, 3, 4]
    documented = {name: set(re.findall(r"\w+", DOCS.split(f"\n## {name}\n")[1].split("\n## ")[0])) for name in VERBS}
    assert {*facts, *facts["trials"][0]} <= documented["trials"]
    assert {*shown} <= documented["show"] | documented["trials"]


VERBS = ("trials", "show")


def test_show_draws_the_curve_and_marks_the_best_step(home: Path) -> None:
    lines = invoke(home, "show", "tiny/cosine/0000").splitlines()
    assert lines[0] == "tiny/cosine/0000: complete, 2.5 s"
    start = next(index for index, line in enumerate(lines) if line.split() == ["step", "val/loss"])
    bars = {line.split()[0]: line.count("━") for line in lines[start + 1 : start + 5]}
    assert bars == {"1": 0, "2": 40, "3": 0, "4": 20}
    assert [line.split()[0] for line in lines[start + 1 : start + 5] if line.endswith("*")] == ["3"]
    assert re.search(r"http://127\.0\.0\.1:5000/#/experiments/\d+/runs/[0-9a-f]{32}", lines[-1])


def test_show_tells_why_a_trial_failed_and_its_files(home: Path) -> None:
    shown = invoke(home, "show", "tiny/cosine/0002")
    assert "val/loss was never reported" in shown
    assert "  ValueError: boom" in shown
    assert "  logs/log.txt" in shown


def test_wrong_words_are_told_with_what_there_is(home: Path) -> None:
    done = runner.invoke(app, ["show", "tiny/cosine/9", "--home", str(home)])
    assert done.exit_code == 2
    assert "choices: tiny/cosine/0000" in done.stderr.lower()
    done = runner.invoke(app, ["trials", "tiny", "--search", "cosin", "--home", str(home)])
    assert "did you mean cosine?" in done.stderr
    done = runner.invoke(app, ["trials", "tiny", "--csv", "--json", "--home", str(home)])
    assert (done.exit_code, done.stderr) == (2, "--json: cannot be given together with --csv\n")
