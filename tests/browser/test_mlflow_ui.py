"""The MLflow UI as a person sees it, by `tuner ui` over a real store, in a headless browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ports import lasting_port

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from tuner.home import Home

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package `chromium`)"),
]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def _fill(home: Home) -> None:
    """A study of one search with three trials of different worth, one of them failed."""
    from results.store import Store

    store = Store(home.tracking_uri, artifact_root=home.artifacts)
    study = StudyRecord(
        study_id="seen",
        name="seen",
        metric="val/accuracy",
        mode="max",
        source="name: seen\n",
        fingerprint="f",
        started_at_ms=1_700_000_000_000,
    )
    search = SearchRecord(
        search_id="seen/all",
        key="all",
        cell={},
        metric="val/accuracy",
        mode="max",
        started_at_ms=1_700_000_000_000,
    )
    study_run = store.begin_study(study)
    search_run = store.begin_search(study_run, search)
    trials = []
    for number, (value, state) in enumerate([(0.71, "complete"), (0.93, "stopped"), (0.12, "crashed")]):
        at_ms = 1_700_000_000_000 + number * 1000
        trial = TrialRecord(
            trial_id=f"seen/all/{number:04d}",
            number=number,
            config={"lr": 10.0**-number},
            seed=number,
            state=TrialState(state),
            started_at_ms=at_ms,
            ended_at_ms=at_ms + 500,
            stopped_by="asha" if state == "stopped" else None,
            results=(ResultRecord(step=1, at_ms=at_ms + 400, metrics={"val/accuracy": value}),),
        )
        store.write_trial(search_run, search, trial)
        trials.append(trial)
    store.end_search(search_run, search, trials, test_metrics={})


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    """The address that `tuner ui` prints for the study."""
    _fill(Home(tmp_path))
    port = str(lasting_port())
    command = [sys.executable, "-m", "tuner", "ui", "--home", str(tmp_path), "--port", port]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split()[1]
        finally:
            server.send_signal(signal.SIGINT)


def test_the_printed_link_shows_the_trials_sorted_by_the_study_s_metric(link: str, tmp_path: Path) -> None:
    """Oracle: three trials, the best first, with their metric and parameter as columns, and no error in the console."""
    from playwright.sync_api import sync_playwright

    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1400, "height": 800})
        page.set_default_timeout(150_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(link)
        for text in ("0001", "0.93", "0.71"):
            page.get_by_text(text, exact=False).first.wait_for()
        text = page.inner_text("body")
        page.screenshot(path=str(tmp_path / "trials.png"))
        if folder := os.environ.get("TUNER_SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / "trials.png"))
        browser.close()
    assert errors == []
    assert text.index("0.93") < text.index("0.71")
    assert "lr" in text
