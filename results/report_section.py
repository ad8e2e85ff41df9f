"""What a study says of its report: its tables, its figures, what it is compared with. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from results.pivot.spec import TableSpec


class ReportSection(BaseModel):
    """The key `report` of a study; nothing in it changes what is run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    tables: Annotated[tuple[TableSpec, ...], Field(strict=False)] = ()
    """The tables to make; without any, those that the metrics give: best models, decision rules, hyperparameters."""
    figures: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """The names of the figures to draw; without any, all that there are data for."""
    compare_with: str | None = None
    """Whose printed numbers stand beside ours: a work whose numbers are shipped, or a file with them."""


class _Text(yaml.BaseLoader):
    """Reads scalars as text, but null, true and false: so no name turns into a number, a date or a word of YAML 1.1."""


_WORDS = {"null": None, "true": True, "false": False}
_Text.add_implicit_resolver("!word", re.compile("~|null|Null|NULL|true|True|TRUE|false|False|FALSE"), list("~nNtTfF"))
_Text.add_constructor("!word", lambda _, node: _WORDS.get(node.value.lower()))


def read_report(source: str) -> tuple[ReportSection, str]:
    """The report section of a study file's text, as a study's record keeps it, and what is wrong with it.

    A text without one, as older versions and imported experiments have, gives the empty section. One that cannot be
    read gives it too, with the reason; the second value is empty otherwise.
    """
    try:
        data: Any = yaml.load(source, Loader=_Text)  # noqa: S506  (it makes text, lists and mappings alone)
        given = data.get("report") if isinstance(data, dict) else None
        return ReportSection.model_validate({} if given is None else given), ""
    except yaml.YAMLError as error:
        return ReportSection(), f"the study's stored text is not YAML: {' '.join(str(error).split())}"
    except ValidationError as error:
        wrong = ("report." + ".".join(map(str, entry["loc"])) + f": {entry['msg']}" for entry in error.errors())
        return ReportSection(), f"the study's stored report cannot be read: {'; '.join(wrong)}"
