"""A report as a person sees it: made by `tuner report` after a real run, opened from disk in a headless browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package `chromium`)"),
]
ROOT = Path(__file__).parents[2]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DESKTOP, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}


def tuner(*arguments: str) -> str:
    command = [sys.executable, "-m", "tuner", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=500).stdout


@pytest.mark.parametrize(("view", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_every_page_is_whole_at_every_width(
    index: Path, tmp_path: Path, view: dict[str, int], scheme: str, ui: str
) -> None:
    """Oracle: the browser: no error in its console, each picture has a size, nothing is wider than the screen.

    Each link leads to a file of the folder, a place of the page, or a run that MLflow's own API knows.
    """
    from playwright.sync_api import sync_playwright

    errors: list[str] = []
    runs: set[str] = set()
    pages = [index, *sorted((index.parent / "searches").glob("*.html"))]
    assert len(pages) == 3
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport=view, color_scheme=scheme)  # type: ignore[arg-type]
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("requestfailed", lambda request: errors.append(request.url))
        for path in pages:
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
            page.wait_for_function("[...document.images].every(image => image.complete)")
            broken = page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.alt)")
            assert broken == []
            assert page.evaluate("document.images.length") > 0
            assert page.evaluate("document.scrollingElement.scrollWidth") <= view["width"]
            page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
            for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
                runs |= check(link, page.content())
            shot = f"{path.parent.name}-{path.stem}-{view['width']}.png"
            folder = os.environ.get("TUNER_SCREENSHOTS")
            page.screenshot(path=str((Path(folder) if folder else tmp_path) / shot), full_page=True)
        browser.close()
    assert errors == []
    assert runs
    for run in runs:
        with urllib.request.urlopen(f"{ui}/api/2.0/mlflow/runs/get?run_id={run}", timeout=30) as answer:  # noqa: S310  (an address of our own)
            assert answer.status == 200


def check(link: str, html: str) -> set[str]:
    """The MLflow run that the link leads to; other links are followed here."""
    bare, fragment = urldefrag(link)
    if link.startswith("file:"):
        target = Path(unquote(urlparse(bare).path))
        assert target.is_file(), link
        if fragment:
            assert f'id="{fragment}"' in html, link
        return set()
    return set(re.findall(r"/runs/([0-9a-f]{32})", link))


def test_a_cell_leads_to_its_run(index: Path) -> None:
    """Oracle: the tables' files: every run that the CSV names is linked in the page."""
    html = index.read_text(encoding="utf-8")
    named = set(re.findall(r"\b[0-9a-f]{32}\b", (index.parent / "tables" / "best_models.csv").read_text("utf-8")))
    assert len(named) == 2
    for run in named:
        assert f"/runs/{run}" in html


def test_the_store_keeps_the_report(index: Path, home: Path) -> None:
    """Oracle: the files of the folder, as artifacts of the study's run."""
    kept = next((home / "artifacts").rglob("report/index.html"))
    assert kept.read_bytes() == index.read_bytes()
    assert len(list(kept.parent.rglob("*.svg"))) == len(list(index.parent.rglob("*.svg"))) > 0


def test_a_second_report_is_the_same(index: Path, home: Path, ui: str) -> None:
    """Oracle: the first report's bytes."""
    before = {path: path.read_bytes() for path in index.parent.rglob("*") if path.is_file()}
    tuner("report", "studies/quickstart.yaml", "--home", str(home), "--ui", ui)
    after = {path: path.read_bytes() for path in index.parent.rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    assert [str(path) for path in before if before[path] != after[path]] == []
