"""What the pages of a report say, as plain values: the templates only lay it out. Pure but for reading figures."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from results.records import SearchOutcome, StudyRecord
from results.samples import final_values
from results.statistics import mean_half_width
from results.tables import Table, cell_text, count_states, trials_table

if TYPE_CHECKING:
    from results.cost import Cost
    from results.figures.gallery import Gallery
    from results.pivot import PivotTable
    from results.report.links import Links


class Picture(NamedTuple):
    """One figure. uri: the picture itself, as a data address. svg, png: its files, seen from the page."""

    name: str
    about: str
    uri: str
    svg: str
    png: str


class Pictures(NamedTuple):
    """drawn: in the order of the catalogue. left_out: by figure, why."""

    drawn: tuple[Picture, ...]
    left_out: Mapping[str, str]


class Printed(NamedTuple):
    """Printed numbers beside ours. counts: verdicts in words. notes: letters by the text that they stand for."""

    title: str
    counts: str
    table: Table
    notes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SearchPage:
    """One search. line: its outcome in a few words. run: its address in the MLflow UI."""

    key: str
    line: str
    facts: Mapping[str, str]
    warnings: Sequence[str]
    run: str | None
    best: Pictures
    all: Pictures
    trials: Table


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report."""

    study: StudyRecord
    facts: Mapping[str, str]
    warnings: Sequence[str]
    trials: int
    final_runs: int
    tables: Sequence[PivotTable]
    pictures: Pictures
    printed: Printed | None
    cost: Cost
    searches: Sequence[SearchPage]
    links: Links


def pictures(gallery: Gallery, about: Mapping[str, str], page: Path) -> Pictures:
    """A gallery as a page shows it. about: what each figure shows. page: the folder that the page stands in."""
    drawn = [_picture(name, about[name], svg, png, page) for name, (svg, png) in gallery.files.items()]
    return Pictures(tuple(drawn), gallery.left_out)


def search_page(outcome: SearchOutcome, *, best: Pictures, every: Pictures, run: str | None) -> SearchPage:
    """The page of one search, from its outcome with every result."""
    return SearchPage(
        key=outcome.search.key,
        line=_line(outcome),
        facts=_search_facts(outcome),
        warnings=_search_warnings(outcome),
        run=run,
        best=best,
        all=every,
        trials=trials_table([outcome]),
    )


def study_facts(study: StudyRecord) -> dict[str, str]:
    """How the study was run: what was trained, by which versions, from which commit."""
    versions = {
        name.removeprefix("version."): value for name, value in study.tags.items() if name.startswith("version.")
    }
    started = datetime.fromtimestamp(study.started_at_ms / 1000, tz=UTC)
    facts = {
        "started": f"{started:%Y-%m-%d %H:%M} UTC",
        **study.params,
        "git commit": study.tags.get("git.commit", ""),
        "platform": study.tags.get("platform", ""),
        "versions": ", ".join(f"{name} {value}" for name, value in versions.items()),
    }
    return {name: value for name, value in facts.items() if value}


def study_warnings(study: StudyRecord, outcomes: Iterable[SearchOutcome]) -> list[str]:
    """What a reader must know before believing a number."""
    found = []
    if study.selected_on_test:
        found.append("Chosen on test data (protocol: select_on: test): each number is that of its luckiest epoch.")
    unfinished = [o.search.key for o in outcomes if any(trial.state.unfinished for trial in o.trials)]
    if unfinished:
        found.append(f"Not finished, so that what stands here may change: {', '.join(unfinished)}.")
    return found


def _search_facts(outcome: SearchOutcome) -> dict[str, str]:
    search, best, result = outcome.search, outcome.best_trial, outcome.best_result
    facts = {"cell": cell_text(search.cell), "trials": cell_text(count_states(outcome.trials))}
    if best is not None and result is not None:
        facts |= {
            "best trial": best.trial_id,
            "its configuration": cell_text(best.config),
            search.metric: f"{result.metrics[search.metric]:.6g} at step {result.step}",
        }
    facts |= {name: _tested(outcome, name, value) for name, value in outcome.test_metrics.items()}
    facts["registered model"] = outcome.model or ""
    facts |= {name: cell_text(value) for name, value in search.params.items() if name != "trials"}  # counted above
    return {name: value for name, value in facts.items() if value}


def _tested(outcome: SearchOutcome, name: str, value: float) -> str:
    values = final_values(outcome, name)
    half = mean_half_width(values)
    return f"{value:.6g}" if half is None else f"{fmean(values):.6g} ± {half:.2g} (95%, {len(values)} final runs)"


def _line(outcome: SearchOutcome) -> str:
    metric, result = outcome.search.metric, outcome.best_result
    if result is None:
        return f"no trial succeeded of {len(outcome.trials)}"
    return f"{metric} {result.metrics[metric]:.4f} of {len(outcome.trials)} trials"


def _search_warnings(outcome: SearchOutcome) -> list[str]:
    failed = sum(trial.state.failed for trial in outcome.trials)
    if not outcome.trials:
        return ["No trial has ended yet."]
    if failed == len(outcome.trials):
        return ["Every trial failed: the table of trials says how."]
    return [f"{failed} of {len(outcome.trials)} trials failed: the table of trials says how."] if failed else []


def _picture(name: str, about: str, svg: Path, png: Path, page: Path) -> Picture:
    return Picture(name, about, _svg_uri(svg), _seen_from(page, svg), _seen_from(page, png))


def _svg_uri(path: Path) -> str:
    """An SVG file as a data address: a page that holds its pictures can be sent, and shows in MLflow's own viewer."""
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def _seen_from(page: Path, file: Path) -> str:
    return quote(Path(os.path.relpath(file, page)).as_posix())
