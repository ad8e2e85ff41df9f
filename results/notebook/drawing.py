"""Figures by name, of a best trial, a search or the whole study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from results.figures.canvas import styled
from results.figures.source import NotDrawnError
from results.figures.stored import stored_source, stored_study
from results.notebook.errors import not_there
from results.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from results.figures.catalog import Figure
    from results.figures.source import Source, StudySource
    from results.notebook.searches import Searches
    from results.records import StudyRecord
    from results.store import Store


def figure_list() -> Table:
    """Every figure: its name, what it is of, what it shows."""
    rows = [(name, of, figure.about) for of, figures in _catalogues().items() for name, figure in figures.items()]
    return Table(("figure", "of", "shows"), tuple(rows))


def draw(name: str, *, store: Store, study: StudyRecord, searches: Searches, search: str | None) -> Canvas:
    """The figure on a canvas of its own. See `OpenStudy.figure`."""
    of, figure = _find(name)
    source: Source | StudySource
    if of == "study":
        if search is not None:
            raise ValueError(f"figure {name!r} is of the whole study: leave search={search!r} out")
        source, where = stored_study(store, study, list(searches.values())), f"study {study.study_id}"
    else:
        key = search if search is not None else _only(searches, name)
        source, where = stored_source(store, searches[key]), f"search {key}"
    try:
        data = figure.data(source)
    except NotDrawnError as why:
        raise ValueError(f"figure {name!r} of {where} cannot be drawn: {why}") from None
    with styled():
        return figure.draw(data)


def _catalogues() -> Mapping[str, Mapping[str, Figure]]:
    from results.figures.catalog import SEARCH_FIGURES, STUDY_FIGURES, TRIAL_FIGURES

    return {"trial": TRIAL_FIGURES, "search": SEARCH_FIGURES, "study": STUDY_FIGURES}


def _find(name: str) -> tuple[str, Figure]:
    catalogues = _catalogues()
    for of, figures in catalogues.items():
        if name in figures:
            return of, figures[name]
    raise not_there("figure", name, (name for figures in catalogues.values() for name in figures))


def _only(searches: Searches, name: str) -> str:
    """The key of the study's only search."""
    if len(searches) == 1:
        return next(iter(searches))
    raise ValueError(f"figure {name!r} is of one search: give search=..., one of {', '.join(searches) or '(none yet)'}")
