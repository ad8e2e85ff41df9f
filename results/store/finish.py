"""What is written when a search or a study is done: best trial, counts, history, best-models table."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag

from results.history import write_history
from results.records import SearchOutcome, StudyRecord
from results.store import view
from results.store.codec import BEST, as_metrics, json_tags
from results.store.runs import as_tags
from results.tables import Table, cell_text, count_states

HISTORY = "history.parquet"
TABLE = "best_models"


class SearchEnd(NamedTuple):
    """What an ended search adds to its run."""

    metrics: list[Metric]
    tags: list[RunTag]
    status: str
    ended_at_ms: int


def search_end(outcome: SearchOutcome) -> SearchEnd:
    """Best and test metrics, written at step = number of trials; best trial and trials by state as tags.

    A search that later goes on with more trials so overwrites its metrics, and the same end sent twice is one.
    """
    search, trials, best = outcome.search, outcome.trials, outcome.best_trial
    clocks = [trial.ended_at_ms or trial.started_at_ms for trial in trials]
    at_ms = max(clocks, default=search.started_at_ms)
    states = cell_text(count_states(trials))
    metrics = as_metrics(outcome.test_metrics, step=len(trials), at_ms=at_ms)
    tags = {
        "tuner.state": "failed" if best is None else "complete",
        "tuner.states": states,
        **json_tags("tuner.test", outcome.test_metrics),
        **json_tags("tuner.finals", {"ids": [final.trial_id for final in outcome.finals]}),
    }
    lines = [f"{len(trials)} trials: {states}."]
    result = outcome.best_result
    if best is not None and result is not None:
        values = {**result.metrics, "step": float(result.step)}
        metrics += as_metrics(values, step=len(trials), at_ms=at_ms, prefix=BEST)
        tags |= {"tuner.best_trial": best.trial_id, **json_tags("tuner.best_config", best.config)}
        lines += [
            f"Best {search.metric} {result.metrics[search.metric]:.6g} at step {result.step} of trial {best.number}:",
            *("", "```", f"tuner show {best.trial_id}", cell_text(best.config), "```"),
        ]
    tags["mlflow.note.content"] = view.search_note(search.cell, lines)
    return SearchEnd(metrics, as_tags(tags), "FAILED" if best is None else "FINISHED", at_ms)


def log_history(client: MlflowClient, run: str, outcome: SearchOutcome) -> None:
    """Log every result of every trial as one parquet file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / HISTORY
        write_history(path, outcome.search, outcome.trials)
        client.log_artifact(run, str(path))


def log_table(client: MlflowClient, run: str, study: StudyRecord, table: Table, *, brief: Table) -> None:
    """Log the best-models table as JSON (the UI's table view), CSV and Markdown; `brief` as the run's description.

    mlflow's own `log_table` appends to what is there: sent twice, it doubles.
    """
    columns = {"columns": list(table.columns), "data": [list(row) for row in table.text_rows()]}
    client.log_dict(run, columns, f"{TABLE}.json")
    client.set_tag(run, "mlflow.loggedArtifacts", json.dumps([{"path": f"{TABLE}.json", "type": "table"}]))
    client.log_text(run, table.csv(), f"{TABLE}.csv")
    client.log_text(run, table.markdown(), f"{TABLE}.md")
    client.set_tag(run, "mlflow.note.content", view.study_note(study, brief))
