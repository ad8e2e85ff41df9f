"""`tuner compare` over real stores in two homes. Oracle: the records that were written."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState, mean_test_metrics
from tuner.cli.main import app
from tuner.home import Home

runner = CliRunner()
JSON_PAGE = Path(__file__).parents[3] / "docs" / "json.md"
CELLS = {"cosine": (0.80, 0.82, 0.81), "euclidean": (0.70, 0.72, 0.71)}
BETTER = {"cosine": (0.90, 0.92, 0.915), "euclidean": (0.70, 0.725, 0.71)}


def write(home: Path, name: str, cells: dict[str, Sequence[float]]) -> None:
    """A study with one search a loss; the test accuracies are those of three final runs on seeds 0 to 2."""
    from results.store import Store

    store = Store(Home(home).tracking_uri, artifact_root=Home(home).artifacts)
    record = StudyRecord(
        study_id=name, name=name, metric="val/accuracy", mode="max", source="", fingerprint="f", started_at_ms=1
    )
    study = store.begin_study(record)
    for loss, values in cells.items():
        search = SearchRecord(
            search_id=f"{name}/{loss}",
            key=loss,
            cell={"loss": loss},
            metric="val/accuracy",
            mode="max",
            started_at_ms=2,
        )
        run = store.begin_search(study, search, new=True)
        runs = [
            TrialRecord(
                trial_id=f"{name}/{loss}/{kind}{number:04d}",
                number=number,
                config={"lr": 0.1},
                seed=number,
                state=TrialState.COMPLETE,
                started_at_ms=3,
                ended_at_ms=4,
                results=(ResultRecord(step=1, at_ms=3, metrics=metrics),),
            )
            for kind, number, metrics in [
                ("", 0, {"val/accuracy": 0.9}),
                *(("final-", number, {"test/accuracy": value}) for number, value in enumerate(values)),
            ]
        ]
        store.write_trial(run, search, runs[0], new=True)
        for final in runs[1:]:
            store.write_final(run, search, final)
        tested = mean_test_metrics(runs[1:])
        store.end_search(run, search, runs[:1], test_metrics=tested, finals=runs[1:])


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Studies `plain` and `better` in one home, and a copy of it."""
    first: Path = tmp_path_factory.mktemp("first")
    write(first, "plain", CELLS)
    write(first, "better", BETTER)
    second: Path = shutil.copytree(first, tmp_path_factory.mktemp("second") / "home")
    return first, second


def invoke(*arguments: str):
    return runner.invoke(app, ["compare", *arguments])


def test_json_has_both_means_the_difference_and_the_test_and_documents_its_fields(homes: tuple[Path, Path]) -> None:
    """Oracle: means of the written values; scipy's p is held in tests/results."""
    done = invoke("plain", "better", "--home", str(homes[1]), "--json")
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["studies"], facts["metric"], facts["factors"]) == (["plain", "better"], "test/accuracy", ["loss"])
    cosine, euclidean = facts["cells"]
    assert cosine["first"]["mean"] == pytest.approx(0.81)
    assert cosine["second"]["mean"] == pytest.approx(2.735 / 3)
    assert cosine["difference"] == pytest.approx(2.735 / 3 - 0.81)
    assert (cosine["test"], cosine["n"], cosine["verdict"]) == ("paired t test", [3], "higher")
    assert euclidean["verdict"] == "not different"
    assert cosine["p_holm"] == pytest.approx(2 * cosine["p"])
    page = JSON_PAGE.read_text(encoding="utf-8").split("\n## compare\n")[1].split("\n## ")[0]
    assert {*facts, *cosine, *cosine["first"]} <= set(re.findall(r"\w+", page))


def test_text_markdown_and_csv_say_the_same(homes: tuple[Path, Path]) -> None:
    arguments = ("plain", "better", "--home", str(homes[1]))
    lines = [line.split("\t") for line in invoke(*arguments).stdout.splitlines()]
    assert lines[0] == ["loss", "plain", "better", "difference", "p (Holm)", "test", "verdict"]
    markdown = [line.strip("| ").split(" | ") for line in invoke(*arguments, "--markdown").stdout.splitlines()]
    assert [markdown[0], *markdown[2:]] == lines
    rows = list(csv.DictReader(io.StringIO(invoke(*arguments, "--csv").stdout)))
    assert [row["verdict"] for row in rows] == [line[-1] for line in lines[1:]] == ["higher", "not different"]
    assert float(rows[0]["plain mean"]) == pytest.approx(0.81)


def test_studies_of_one_name_in_two_homes(homes: tuple[Path, Path]) -> None:
    done = invoke("plain", "plain", "--home", str(homes[0]), "--other-home", str(homes[1]), "--last", "--json")
    facts = json.loads(done.stdout)
    assert facts["studies"] == ["plain", f"plain in {homes[1]}"]
    assert [cell["difference"] for cell in facts["cells"]] == [0.0, 0.0]
    assert facts["metric"] == "test/accuracy"


def test_a_study_beside_itself_says_so(homes: tuple[Path, Path]) -> None:
    """A bare name is the study as it was last begun, and so easily both."""
    done = invoke("plain", "plain#1", "--home", str(homes[0]))
    assert "Both are plain: it is compared with itself." in done.stderr
    beside = invoke("plain", "plain", "--home", str(homes[0]), "--other-home", str(homes[1]))
    assert "itself" not in beside.stderr


def test_mistakes_are_told(homes: tuple[Path, Path]) -> None:
    unknown = invoke("plain", "bettr", "--home", str(homes[1]))
    assert unknown.exit_code == 2
    assert "must be a study that was run, but got 'bettr'; did you mean better?" in unknown.stderr
    assert invoke("plain", "better", "--home", str(homes[1]), "--csv", "--json").exit_code == 2
    assert invoke("plain", "better", "--home", str(homes[0] / "none")).exit_code == 2
