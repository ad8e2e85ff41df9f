"""A study's report as a folder: read, draw, lay out, write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from disk import write_whole
from results.cost import cost
from results.figures.catalog import SEARCH_FIGURES, STUDY_FIGURES, TRIAL_FIGURES
from results.figures.gallery import Job, draw_many
from results.report.content import Report, pictures, search_page, study_facts, study_warnings
from results.report.listing import PAGE, replace_listing
from results.report.page import index_html, search_html
from results.report.tables import report_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from results.figures.catalog import Figure
    from results.figures.gallery import Gallery
    from results.figures.source import StudySource
    from results.pivot import PivotTable
    from results.records import SearchOutcome, StudyRecord
    from results.report.content import Printed
    from results.report.links import Links
    from results.report.section import ReportSection


class Written(NamedTuple):
    """A report's files, and what is not among them.

    page: the study's. tables: by name. drawn: how many figures. files: every file, of the pages, tables and figures.
    left_out: by search (`<key>/best`, `<key>/search`, "" for the study) and figure, why.
    """

    page: Path
    tables: dict[str, tuple[Path, ...]]
    drawn: int
    files: tuple[Path, ...]
    left_out: dict[str, Mapping[str, str]]


def write_report(
    source: StudySource, folder: Path, section: ReportSection, links: Links, *, printed: Printed | None = None
) -> Written:
    """Write index.html, searches/, tables/ and figures/ into `folder`; what an earlier report left there goes.

    source: with every result of every trial. printed: printed numbers beside ours, None where there are none.
    """
    outcomes = [search.outcome for search in source.searches]
    tables = report_tables(outcomes, section)
    galleries = _draw(source, folder, frozenset(section.figures))
    report = _report(source.study, outcomes, folder, tables, galleries, printed, links)
    written = {table.name: _write_table(table, folder / "tables") for table in tables}
    costs = [
        _write(folder / "cost.md", report.cost.table.markdown() + "\n"),
        _write(folder / "cost.csv", report.cost.table.csv()),
    ]
    page = _write(folder / PAGE, index_html(report))
    pages = [_write(folder / "searches" / f"{one.key}.html", search_html(report, one)) for one in report.searches]
    figures = [file for gallery in galleries.values() for files in gallery.files.values() for file in files]
    files = (page, *pages, *(file for three in written.values() for file in three), *costs, *figures)
    replace_listing(folder, files)
    return Written(
        page=page,
        tables=written,
        drawn=sum(len(gallery.files) for gallery in galleries.values()),
        files=files,
        left_out={name: gallery.left_out for name, gallery in galleries.items() if gallery.left_out},
    )


def _draw(study: StudySource, folder: Path, names: frozenset[str]) -> dict[str, Gallery]:
    """Galleries by folder below `figures`: "" for the study, `<key>/best` and `<key>/search` for a search."""
    jobs = {"": Job(study, folder / "figures", _named(STUDY_FIGURES, names))}
    for source in study.searches:
        key = source.search.key
        for part, catalogue in (("best", TRIAL_FIGURES), ("search", SEARCH_FIGURES)):
            jobs[f"{key}/{part}"] = Job(source, folder / "figures" / key / part, _named(catalogue, names))
    return dict(zip(jobs, draw_many(list(jobs.values())), strict=True))


def _named(catalogue: Mapping[str, Figure], names: frozenset[str]) -> dict[str, Figure]:
    return {name: figure for name, figure in catalogue.items() if not names or name in names}


def _report(
    study: StudyRecord,
    outcomes: Sequence[SearchOutcome],
    folder: Path,
    tables: Sequence[PivotTable],
    galleries: Mapping[str, Gallery],
    printed: Printed | None,
    links: Links,
) -> Report:
    about = {name: f.about for figures in (STUDY_FIGURES, SEARCH_FIGURES, TRIAL_FIGURES) for name, f in figures.items()}
    beside = folder / "searches"
    pages = [
        search_page(
            outcome,
            best=pictures(galleries[f"{outcome.search.key}/best"], about, beside),
            every=pictures(galleries[f"{outcome.search.key}/search"], about, beside),
            run=links.run(outcome.run_id),
        )
        for outcome in outcomes
    ]
    return Report(
        study=study,
        facts=study_facts(study),
        warnings=study_warnings(study, outcomes),
        trials=sum(len(outcome.trials) for outcome in outcomes),
        final_runs=sum(len(outcome.finals) for outcome in outcomes),
        tables=tables,
        pictures=pictures(galleries[""], about, folder),
        printed=printed,
        cost=cost(outcomes),
        searches=pages,
        links=links,
    )


def _write_table(table: PivotTable, folder: Path) -> tuple[Path, ...]:
    files = {"md": table.markdown() + "\n", "csv": table.csv(), "tex": table.latex()}
    return tuple(_write(folder / f"{table.name}.{suffix}", text) for suffix, text in files.items())


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(text.encode()), flushed=False)  # it can be made again
    return path
