"""The key `report` of a study's text as the store keeps it: read as a study file is, but it may be old or broken."""

from __future__ import annotations

from pydantic import ValidationError

from results.report.section import ReportSection
from tuner.options.problems import problems_of
from tuner.yaml_lines import parse_yaml


def read_report(source: str) -> tuple[ReportSection, str]:
    """The report section of a study's text, and what is wrong with it in one line, empty if nothing.

    A text without one, as older versions and imported experiments have, gives the empty section; so does one that
    cannot be read.
    """
    document = parse_yaml(source)
    problems = document.problems
    if not problems:
        given = document.data.get("report") if isinstance(document.data, dict) else None
        try:
            return ReportSection.model_validate({} if given is None else given), ""
        except ValidationError as error:
            problems = [problem.at("report") for problem in problems_of(error, ReportSection)]
    told = "; ".join(problem.format() for problem in problems)
    return ReportSection(), f"the report cannot be read from the study's stored text: {told}"
