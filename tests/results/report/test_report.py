"""A report's folder by hand-made searches: what its page says, what it leaves out, what it forgets."""

from __future__ import annotations

import errno
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from disk import DiskFullError
from results.figures.source import Source, StudySource
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState
from results.report.links import LOCAL_UI, Links, ui_of
from results.report.section import ReportSection
from results.report.write import Written, write_report

ONE = ReportSection(figures=("accuracy",))
TWO = ReportSection(figures=("accuracy", "timeline"))  # every figure would take seconds a test
RUN = "0123456789abcdef0123456789abcdef"
PARAMS = {"trials": 2, "budget": "3 epoch", "scheduler": "fifo", "searcher": "random"}


def trial(key: str, number: int, values: list[float], state: TrialState = TrialState.COMPLETE) -> TrialRecord:
    results = [
        ResultRecord(step=step, at_ms=1000 * step, metrics={"val/accuracy": value, "train/loss": 1 / step})
        for step, value in enumerate(values, 1)
    ]
    return TrialRecord(
        trial_id=f"s/{key}/{number:04d}",
        number=number,
        config={"lr": 10.0**-number},
        seed=number,
        state=state,
        started_at_ms=0,
        ended_at_ms=4000,
        error="out of <b>luck</b>" if state.failed else None,
        results=tuple(results),
    )


def outcome(key: str, *trials: TrialRecord) -> SearchOutcome:
    search = SearchRecord(
        search_id=f"s/{key}",
        key=key,
        cell={"loss": key},
        metric="val/accuracy",
        mode="max",
        started_at_ms=0,
        params=PARAMS,
    )
    return SearchOutcome(search=search, trials=trials, test_metrics={}, run_id=RUN)


GOOD = outcome("good", trial("good", 0, [0.5, 0.75, 0.625]), trial("good", 1, [0.25, 0.5, 0.375]))
FAILED = outcome("failed", trial("failed", 0, [], TrialState.CRASHED))
EMPTY = outcome("empty")


def report(
    folder: Path, *outcomes: SearchOutcome, section: ReportSection = TWO, metric: str = "val/accuracy"
) -> Written:
    study = StudyRecord(
        study_id="s",
        name="s",
        metric=metric,
        mode="max",
        source="name: s  # <script>alert(1)</script>\n",
        fingerprint="f",
        started_at_ms=0,
        params={"trainable": "toy"},
        tags={"git.commit": "abc", "version.torch": "2"},
    )

    arrays = {"classes": np.array(["cat", "dog"])}
    source = StudySource(study=study, searches=tuple(Source(outcome=o, load=lambda: arrays) for o in outcomes))
    return write_report(source, folder, section, Links(LOCAL_UI, None, {RUN: f"http://ui/{RUN}"}))


class Cells(HTMLParser):
    """The texts of a page's tables, row by row, by the tables' names."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str | None, list[list[str]]] = {}
        self._name: str | None = None
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._name = dict(attrs).get("id")
            self.tables[self._name] = []
        if tag == "tr":
            self.tables[self._name].append([])
        if tag in ("td", "th"):
            self.tables[self._name][-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.tables[self._name][-1][-1] += data


def test_the_page_s_table_is_that_of_its_files(tmp_path: Path) -> None:
    """Oracle: by hand: the best of good is 0.75 at step 2; the cell leads to the search's run."""
    written = report(tmp_path, GOOD)
    html = written.page.read_text(encoding="utf-8")
    cells = Cells()
    cells.feed(html)
    header, row = cells.tables["best_models"]
    assert dict(zip(header, row, strict=True)) == {"loss": "good", "val/accuracy": "0.7500", "step": "2"}
    assert f'<a href="http://ui/{RUN}">0.7500</a>' in html
    assert {file.name for file in written.tables["best_models"]} == {
        "best_models.md",
        "best_models.csv",
        "best_models.tex",
    }


def test_pages_need_nothing_beside_them(tmp_path: Path) -> None:
    """Oracle: pictures and styles are inside; text of the study cannot become markup."""
    report(tmp_path, GOOD, FAILED)
    for path in (tmp_path / "index.html", *(tmp_path / "searches").iterdir()):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r'<(script|link rel="stylesheet")', html)
        assert set(re.findall(r'<img src="([^,]*),', html)) <= {"data:image/svg+xml;base64"}
    assert "&lt;script&gt;" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "out of &lt;b&gt;luck" in (tmp_path / "searches" / "failed.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("searches", [(EMPTY,), (FAILED,), (GOOD, FAILED, EMPTY)], ids=["empty", "failed", "mixed"])
def test_what_is_missing_is_told(tmp_path: Path, searches: tuple[SearchOutcome, ...]) -> None:
    """Oracle: the sentences below; no figure without data is drawn."""
    written = report(tmp_path, *searches)
    for search in searches:
        html = (tmp_path / "searches" / f"{search.search.key}.html").read_text(encoding="utf-8")
        if search is EMPTY:
            assert "No trial has ended yet." in html
        if search is FAILED:
            assert "Every trial failed" in html
        if search is EMPTY:
            assert "<figure" not in html
        if search is not GOOD:
            assert written.left_out[f"{search.search.key}/best"]["accuracy"] == "no trial succeeded"


def test_a_report_of_chosen_parts(tmp_path: Path) -> None:
    """Oracle: the section: one table, one figure; an unknown factor leaves a note instead of a table."""
    section = ReportSection.model_validate(
        {
            "tables": [
                {"name": "a", "rows": ["loss"], "cell": "val/accuracy"},
                {"name": "b", "rows": ["x"], "cell": "step"},
            ],
            "figures": ["accuracy"],
        }
    )
    written = report(tmp_path, GOOD, section=section)
    assert list(written.tables) == ["a", "b"]
    assert written.drawn == 1
    assert [path.name for path in sorted((tmp_path / "figures").rglob("*.svg"))] == ["accuracy.svg"]
    assert "This table cannot be made" in written.page.read_text(encoding="utf-8")


def test_a_later_report_forgets_what_is_no_more(tmp_path: Path) -> None:
    """Oracle: the folder's listing; a stranger's file stays, in the report's own folders, too."""
    report(tmp_path, GOOD, FAILED)
    strangers = [tmp_path / "notes.txt", tmp_path / "tables" / "mine.csv", tmp_path / "searches" / "mine.html"]
    for stranger in strangers:
        stranger.write_text("mine", encoding="utf-8")
    written = report(
        tmp_path,
        GOOD,
        section=ReportSection.model_validate({"tables": [{"name": "a", "cell": "step"}], "figures": ["accuracy"]}),
    )
    assert [path.name for path in sorted((tmp_path / "searches").iterdir())] == ["good.html", "mine.html"]
    assert {path.stem for path in (tmp_path / "tables").iterdir()} == {"a", "mine"}
    assert [stranger.read_text(encoding="utf-8") for stranger in strangers] == ["mine"] * 3
    there = {path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith(".")}
    assert set(written.files) == there - set(strangers)


def test_a_study_chosen_on_test_data_says_so(tmp_path: Path) -> None:
    """Oracle: the warning, and its absence where validation chose."""
    assert "Chosen on test data" not in report(tmp_path, GOOD).page.read_text(encoding="utf-8")
    assert "Chosen on test data" in report(tmp_path, GOOD, metric="test/accuracy").page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("uri", "ui"),
    [
        ("sqlite:////home/mlflow.db", LOCAL_UI),
        ("postgresql://host/db", LOCAL_UI),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://user:secret@mlflow.example", "https://mlflow.example"),
    ],
)
def test_links_lead_to_the_store_s_ui(uri: str, ui: str) -> None:
    """Oracle: by hand; a password never gets into a page."""
    assert ui_of(uri) == ui


def test_a_list_that_was_tampered_with_takes_no_file_outside_the_folder(tmp_path: Path) -> None:
    """Oracle: the file beside the folder is still there; a list that is none counts as empty."""
    outside, folder = tmp_path / "outside", tmp_path / "report"
    outside.write_text("mine", encoding="utf-8")
    report(folder, EMPTY)
    for text in (f'["../outside", "{outside}", 3, ""]', "{", "3"):
        (folder / ".report.json").write_text(text, encoding="utf-8")
        report(folder, EMPTY)
    assert outside.read_text(encoding="utf-8") == "mine"


def test_a_page_without_room_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the bytes before; the error names the file. The fault is that of the writer's own tests."""
    page = report(tmp_path, GOOD, section=ONE).page
    before = page.read_bytes()
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    replace = Path.replace

    def no_room_for_the_page(self: Path, target: Path) -> Path:
        if target == page:
            raise full
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", no_room_for_the_page)
    with pytest.raises(DiskFullError, match=r"the disk is full: .*index\.html needs \d"):
        report(tmp_path, GOOD, FAILED, section=ONE)
    assert page.read_bytes() == before
    assert not list(tmp_path.rglob("*.partial"))
