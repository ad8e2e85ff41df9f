"""Pages from what they say: HTML that needs nothing beside it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from results.tables import cell_text

if TYPE_CHECKING:
    from jinja2 import Environment

    from results.report.content import Report, SearchPage


def index_html(report: Report) -> str:
    """The study's page."""
    return _render("index.html", report=report)


def search_html(report: Report, search: SearchPage) -> str:
    """The page of one search, which stands in the folder `searches`."""
    return _render("search.html", report=report, search=search)


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(version=_version(), **values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("results.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["cell_text"] = cell_text
    return environment


def _version() -> str:
    try:
        return version("tuner")
    except PackageNotFoundError:  # run from a folder that was not installed
        return ""
