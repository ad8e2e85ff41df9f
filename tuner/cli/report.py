"""`tuner report`: a study as a folder of tables and figures that a browser opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json
from tuner.cli.printed import ReferenceOption, default_settings, find_reference
from tuner.cli.stored import StoredStudyArgument, TrackingUriOption, find_study, report_section, whole_outcomes
from tuner.errors import InputError, Problem

if TYPE_CHECKING:
    from results.records import SearchOutcome, StudyRecord
    from results.report.content import Printed
    from results.report.links import Links
    from results.report.write import Written
    from results.store import Store

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Where the report goes; by default reports/STUDY in the home.",
        show_default=False,
    ),
]
UiOption = Annotated[
    str | None,
    typer.Option(
        "--ui",
        metavar="URL",
        help="The MLflow UI that links lead to; by default the tracking server, or where `tuner ui` serves.",
        show_default=False,
    ),
]
LogOption = Annotated[
    bool, typer.Option("--log/--no-log", help="Also keep the report and each search's figures with their runs.")
]


def command(
    study: StoredStudyArgument,
    out: OutOption = None,
    reference: ReferenceOption = None,
    ui: UiOption = None,
    log: LogOption = True,
    home: HomeOption = DEFAULT_HOME,
    tracking_uri: TrackingUriOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a study's report: index.html, tables (Markdown, CSV, LaTeX) and figures (SVG, PNG).

    Example: tuner report linear_classifier --out report
    """
    store, record = find_study(study, home, tracking_uri)
    section, wrong = report_section(study, record)
    if wrong:
        note(f"{wrong}; the usual tables and figures are made")
    outcomes = whole_outcomes(store, record)
    if not outcomes:
        raise InputError([Problem((), "must be a study with a search that has begun", record.study_id, option="STUDY")])
    printed = _printed(reference or section.compare_with, record, outcomes)
    folder = out if out is not None else home / "reports" / record.study_id
    from results.figures.stored import stored_study
    from results.report.listing import strangers_page
    from results.report.write import write_report

    if (page := strangers_page(folder)) is not None:
        rule = "must be a folder whose index.html, if it has one, is a report's"
        raise InputError([Problem((), rule, str(page), option="--out")])

    links = _links(store, record, outcomes, ui)
    written = write_report(stored_study(store, record, outcomes), folder, section, links, printed=printed)
    logged = log and _log(store, record, outcomes, folder, written.files)
    if as_json:
        print_json(_facts(record, written, logged=logged))
        return
    typer.echo(written.page)
    tables = ", ".join(written.tables) or "none"
    note(f"tables: {tables}; figures: {written.drawn}")
    for name, why in _missing(written, section.figures):
        note(f"{name} is left out: {why}")
    if logged:
        note("kept in the store, too: `report` with the study's run, `figures` with each search's")


def _printed(given: str | None, record: StudyRecord, outcomes: Sequence[SearchOutcome]) -> Printed | None:
    """Printed numbers beside ours: those that are named, else those of the study's name where there are any."""
    from results import references
    from results.report.printed import printed_part

    if given is None and record.name not in references.shipped():
        return None
    found = find_reference(given or record.name, from_option=given is not None)
    return printed_part(found, outcomes, default_settings(record))


def _links(store: Store, record: StudyRecord, outcomes: Sequence[SearchOutcome], ui: str | None) -> Links:
    from results.report.links import Links, ui_of

    address = (ui or ui_of(store.uri)).rstrip("/")
    runs = [outcome.run_id for outcome in outcomes if outcome.run_id is not None]
    return Links(address, store.study_link(address, record.study_id), store.run_links(address, record.study_id, runs))


def _log(
    store: Store, record: StudyRecord, outcomes: Sequence[SearchOutcome], folder: Path, files: Sequence[Path]
) -> bool:
    """Keep the report with the study's run, and the figures of each search with its own, where its page shows them.

    files: those of the report; whatever else lies in its folder is the user's.
    """
    run = store.study_run(record.study_id)
    if run is None:
        return False
    store.log_files(run, folder, files, to="report")
    runs = {folder / "figures" / outcome.search.key: outcome.run_id for outcome in outcomes}
    drawn: dict[Path, list[Path]] = {}
    for file in files:
        drawn.setdefault(file.parent.parent, []).append(file)  # <folder>/figures/<key>/<part>/<file>
    for figures, of_search in drawn.items():
        if (search_run := runs.get(figures)) is not None:
            store.log_files(search_run, figures, of_search, to="figures")
    return True


def _missing(written: Written, asked: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What was asked for and is not there; what nobody asked for is told by the report alone."""
    for where, figures in written.left_out.items():
        for name, why in figures.items():
            if name in asked:
                yield f"{where}: {name}" if where else name, why


def _facts(record: StudyRecord, written: Written, *, logged: bool) -> dict[str, Any]:
    return {
        "study": record.study_id,
        "page": str(written.page),
        "tables": [{"table": name, "files": [str(file) for file in files]} for name, files in written.tables.items()],
        "figures": written.drawn,
        "left_out": [
            {"search": where.rpartition("/")[0], "figure": name, "why": why}
            for where, figures in written.left_out.items()
            for name, why in figures.items()
        ],
        "logged": logged,
    }
