"""The MLflow UI over a real study, without our pages: best models, searches, trials, curves, figures, champions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from results import open_study

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package `chromium`)"),
]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
TRAINING = "?workflowType=machine_learning"


class Ui:
    """A browser on the UI. runs: the ids of the study's runs by the tag that names each."""

    def __init__(self, page: Any, address: str, home: Path) -> None:
        self.page, self._address = page, address
        client = MlflowClient(f"sqlite:///{home}/mlflow.db")
        self.experiment = client.get_experiment_by_name("quickstart").experiment_id
        names = ("final_id", "trial_id", "search_id", "study_id")
        runs = client.search_runs([self.experiment])
        self.runs = {
            next(run.data.tags[f"tuner.{name}"] for name in names if f"tuner.{name}" in run.data.tags): run.info.run_id
            for run in runs
        }

    def go(self, path: str, *, until: str) -> str:
        """Open a page below the experiment (or from the root) and wait for a text on it; returns all of its text."""
        root = path if path.startswith("/") else f"/experiments/{self.experiment}/{path}"
        self.page.goto(f"{self._address}/#{root}")
        self.page.get_by_text(until, exact=False).first.wait_for()
        return self.text()

    def text(self) -> str:
        return str(self.page.inner_text("body"))

    def shoot(self, name: str) -> None:
        """Keep a picture where TUNER_SCREENSHOTS says, for a person to look at."""
        if folder := os.environ.get("TUNER_SCREENSHOTS"):
            self.page.screenshot(path=str(Path(folder) / f"mlflow-{name}.png"))


@pytest.fixture
def browser(home: Path, ui: str, index: Path) -> Iterator[Ui]:
    """After `tuner run` and `tuner report`. At the end: no page has raised an error."""
    from playwright.sync_api import sync_playwright

    errors: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = chromium.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(150_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield Ui(page, ui, home)
        chromium.close()
    assert errors == []


def test_the_study_s_page_shows_the_best_models(browser: Ui, home: Path) -> None:
    """Oracle: the notebook API over the same store: each search with its best value, and the interval of its test."""
    study = open_study("quickstart", home=home)
    browser.go(f"runs/{browser.runs['quickstart']}{TRAINING}", until="Best models by val/accuracy")
    browser.page.get_by_text("Show more").first.click()
    text = browser.text()
    browser.shoot("study")
    for key, best in study.best().set_index("search")["val/accuracy"].items():
        assert f"{key}\t{round(best, 4)}\t" in text
    assert "(n=3)" in text


def test_searches_are_sorted_by_their_best_metric_and_runs_are_nested(browser: Ui, home: Path) -> None:
    """Oracle: the order of the best values; the tree opens from the study to its searches to their trials."""
    best = open_study("quickstart", home=home).best().sort_values("val/accuracy", ascending=False)
    view = f"runs{TRAINING}&viewStateShareKey=quickstart-searches"
    browser.go(view, until="2 matching runs")
    for search in best["search"]:  # the rows come after their number
        browser.page.get_by_role("link", name=search, exact=True).first.wait_for()
    text = browser.text().partition("Run Name")[2]
    browser.shoot("searches")
    assert sorted(best["search"], key=text.index) == best["search"].tolist()
    browser.go(f"runs{TRAINING}&viewStateShareKey=quickstart-tree", until="15 matching runs")
    for parent in ("quickstart", "cosine"):
        link = browser.page.get_by_role("link", name=parent, exact=True)
        browser.page.locator(".ag-row").filter(has=link).get_by_role("button").first.click()
    browser.page.get_by_text("cosine/0000").first.wait_for()
    browser.shoot("tree")


def test_a_trial_s_page_shows_its_parameters_and_its_curves(browser: Ui) -> None:
    """Oracle: the start point's learning rate; the chart of val/accuracy has a line with a point for each epoch."""
    trial = browser.runs["quickstart/cosine/0000"]
    assert "0.003" in browser.go(f"runs/{trial}{TRAINING}", until="embedding_dim")
    browser.go(f"runs/{trial}/model-metrics{TRAINING}", until="best")
    browser.page.get_by_placeholder("Search metric charts").fill("^val/accuracy$")
    browser.page.locator(".js-plotly-plot .scatterlayer .trace").first.wait_for()
    browser.shoot("curves")
    # The page draws its charts anew while it filters them: a chart and its points are asked for at once.
    drawn = browser.page.wait_for_function(
        """() => {
            const [plot, ...more] = document.querySelectorAll(".js-plotly-plot");
            return plot?.data?.[0]?.x && !more.length ? Array.from(plot.data[0].x) : null;
        }"""
    )
    points = drawn.json_value()
    assert [int(step) for step in points] == [1, 2, 3]


def test_a_search_s_figures_and_the_report_are_among_its_artifacts(browser: Ui) -> None:
    """Oracle: the picture is drawn with a size; the study's run has the report."""
    search = browser.runs["quickstart/cosine"]
    browser.go(f"runs/{search}/artifacts/figures/best/accuracy.png{TRAINING}", until="figures/best/accuracy.png")
    browser.page.wait_for_function("[...document.images].some(image => image.naturalWidth > 400)")
    browser.shoot("figure")
    study = browser.runs["quickstart"]
    assert "best_models.json" in browser.go(f"runs/{study}/artifacts/report/index.html{TRAINING}", until="index.html")


def test_a_champion_s_page_tells_metrics_configuration_and_lineage(browser: Ui, home: Path) -> None:
    """Oracle: the notebook API: the mean over the final runs; the link of the trial leads to its run."""
    study = open_study("quickstart", home=home)
    text = browser.go("/models/quickstart.cosine/versions/1", until="Configuration:")
    browser.shoot("champion")
    mean = study.finals("cosine")["test/accuracy"].mean()
    assert f"test/accuracy\t{mean:.6g} ± " in text
    assert "mean and 95% interval over 3 final runs" in text
    assert "champion" in text
    link = browser.page.get_by_role("link", name="quickstart/cosine/0000", exact=True).first.evaluate("a => a.href")
    browser.page.goto(link)
    browser.page.get_by_text("cosine/0000").first.wait_for()
    assert f"/runs/{browser.runs['quickstart/cosine/0000']}" in browser.page.url
