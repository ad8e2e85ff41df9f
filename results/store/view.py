"""What a person sees in the MLflow UI: a study's saved view, its link, the texts on the pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from results.records import StudyRecord
from results.store.names import legal_key, quoted
from results.tables import Table

_VIEW = "mlflow.sharedViewState."
_TRAINING = "?workflowType=machine_learning"  # else the UI opens in its "GenAI" dress
_MAX_NOTE = 7_900
_MAX_TAG = 19_000  # an experiment's tag holds 20,000 characters
_MAX_NAMES = 100  # of each kind


def _view_key(study_id: str, kind: str = "trials") -> str:
    """The name of a study's saved view in the UI's address; kind: trials, searches or tree."""
    return legal_key(f"{study_id}-{kind}").replace("/", "-").replace(" ", "-")


@dataclass
class View:
    """A study's saved views, which grow as searches, parameters and test metrics become known.

    Without one the UI's run table shows one collapsed row and no column of ours. Keys and envelope are those of the
    UI's own saved views, read from mlflow 3.17, which drops `runsExpanded`: the tree opens by hand.
    """

    study: StudyRecord
    params: list[str] = field(default_factory=list)
    test_metrics: list[str] = field(default_factory=list)

    def extend(self, *, params: Iterable[str] = (), test_metrics: Iterable[str] = ()) -> bool:
        """Add columns; whether there was anything new."""
        changed = False
        for known, names in ((self.params, params), (self.test_metrics, test_metrics)):
            new = [name for name in dict.fromkeys(names) if name not in known][: _MAX_NAMES - len(known)]
            known += new
            changed |= bool(new)
        return changed

    def tags(self) -> list[tuple[str, str]]:
        """The experiment tags (key, value) that hold the study's three views, which the UI lists under "Views"."""
        study, best = self.study, f"metrics.`best/{legal_key(self.study.metric)}`"
        ours = f"tags.`tuner.study_id` = {quoted(study.study_id)} and tags.`tuner.kind` = "
        judged = [best, "metrics.`best/step`"]
        tests = [f"metrics.`{legal_key(name)}`" for name in self.test_metrics]
        params = [f"params.`{legal_key(name)}`" for name in self.params]
        states = ["tags.`tuner.state`", "tags.`tuner.stopped_by`"]
        sort = {"orderByKey": best, "orderByAsc": study.mode == "min"}
        # The UI draws a tree only without a filter and in the order of time.
        tree = {"orderByKey": "attributes.start_time", "orderByAsc": True}
        return [
            self._tag("trials", [*judged, *params, *states], sort | {"searchFilter": f"{ours}'trial'"}),
            self._tag("searches", [*judged, *tests, *params, *states[:1]], sort | {"searchFilter": f"{ours}'search'"}),
            self._tag("tree", [*judged, *tests, *params, *states], tree),
        ]

    def _tag(self, kind: str, columns: list[str], state: dict[str, Any]) -> tuple[str, str]:
        while True:
            view = {
                "selectedColumns": columns,
                "lifecycleFilter": "Active",
                **state,
            }
            value = json.dumps(
                {
                    "name": f"{self.study.study_id}: {kind}",
                    "createdAt": self.study.started_at_ms,
                    "state": json.dumps(view),
                }
            )
            if len(value) <= _MAX_TAG or len(columns) <= 2:
                return f"{_VIEW}{_view_key(self.study.study_id, kind)}", value
            columns = columns[:-1]


def experiment_link(ui: str, experiment_id: str, study_id: str) -> str:
    """The address of a study's saved view of its trials under the UI's address, say `http://127.0.0.1:5000`.

    The experiment's bare address lands on an empty "GenAI" page.
    """
    key = quote(_view_key(study_id), safe="")
    return f"{ui.rstrip('/')}/#/experiments/{experiment_id}/runs{_TRAINING}&viewStateShareKey={key}"


def run_link(ui: str, experiment_id: str, run_id: str, artifact: str = "") -> str:
    """The address of a run's page, or of one of its artifacts."""
    link = f"{ui.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
    return f"{link}/artifacts/{quote(artifact)}{_TRAINING}" if artifact else link + _TRAINING


def search_note(cell: Mapping[str, Any], lines: Sequence[str]) -> str:
    """The Markdown description of a search's run."""
    factors = ", ".join(f"{name} `{value}`" for name, value in cell.items())
    return "\n".join([f"One search of the grid: {factors}." if factors else "The study's only search.", "", *lines])


def study_note(study: StudyRecord, table: Table) -> str:
    """The Markdown description of a study's run: its best models, and how to look further.

    MLflow cuts it at 8,000 characters, so rows that do not fit are counted instead.
    """
    name = study.study_id
    rest = "\n".join(
        [
            "",
            "The whole table is the artifact `best_models.csv`; each search keeps its results in `history.parquet`.",
            "",
            "```",
            f"tuner best {name}",
            f"tuner trials {name}",
            f"tuner show {name}/<search>/<number>",
            "```",
        ]
    )
    lines = [f"## Best models by {study.metric} ({study.mode})", "", *table.markdown().splitlines()]
    room, kept = _MAX_NOTE - len(rest), 0
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept += 1
    left_out = [f"\n{len(lines) - kept} more rows do not fit here."] if kept < len(lines) else []
    return "\n".join([*lines[:kept], *left_out, rest])
