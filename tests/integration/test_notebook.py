"""The notebook of the docs, executed from its first cell to its last over a real, small quickstart."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tuner import RunResult

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "results.ipynb"
SMALLER = ["search.trials=3", "search.budget.max=3", "search.scheduler.asha.grace_period=1", "final.seeds=2"]
LOSSES = {"loss": ["cosine", "cross_entropy"]}

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def test_the_notebook_runs_and_shows_tables_and_figures(
    run_study: Callable[..., RunResult], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: no cell raises; tables come as HTML and Markdown, the figure as a picture, the winner as it was run."""
    text = (ROOT / "studies" / "quickstart.yaml").read_text(encoding="utf-8")
    result = run_study(text, overrides=SMALLER, only=LOSSES)
    assert result.ok, [search.error for search in result.searches]
    monkeypatch.setenv("TUNER_HOME", str(home))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    done = NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [kind for output in outputs for kind in output.get("data", {})]
    assert shown.count("text/html") >= 7
    assert {"text/markdown", "image/png"} <= set(shown)
    best = max(
        search.outcome.best_trial.best("val/accuracy", "max").metrics["val/accuracy"] for search in result.searches
    )
    assert f"best val/accuracy {best:.6g}" in outputs[0]["data"]["text/plain"]


def test_the_notebook_is_kept_with_its_outputs_and_without_paths_of_a_machine() -> None:
    """Oracle: every code cell was run, in order; no output is an error; the folder it was run in is not told."""
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert re.findall(r'[" (](/(?:tmp|home|root|work|Users)/[^" ]*)', text) == []
