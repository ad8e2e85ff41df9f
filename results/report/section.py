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


class _Yaml(yaml.BaseLoader):
    """Reads plain scalars as YAML 1.2 does, as study files are read: `on`, `no` and dates are text."""


def _scalar(_: Any, node: Any) -> Any:
    text = node.value
    if _WORD.fullmatch(text):
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)
    return float(text)


_WORDS = {"~": None, "null": None, "true": True, "false": False}
_WORD = re.compile(r"(~|null|Null|NULL|true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_TAG = "!plain"
for _pattern in (_WORD, _INT, _FLOAT):
    _Yaml.add_implicit_resolver(_TAG, _pattern, list("~nNtTfF-+.0123456789"))
_Yaml.add_constructor(_TAG, _scalar)


def read_report(source: str) -> tuple[ReportSection, str]:
    """The report section of a study file's text, as a study's record keeps it, and what is wrong with it.

    A text without one, as older versions and imported experiments have, gives the empty section. One that cannot be
    read gives it too, with the reason; the second value is empty otherwise.
    """
    try:
        data: Any = yaml.load(source, Loader=_Yaml)  # noqa: S506  (it makes plain values alone)
        given = data.get("report") if isinstance(data, dict) else None
        return ReportSection.model_validate({} if given is None else given), ""
    except yaml.YAMLError as error:
        return ReportSection(), f"the study's stored text is not YAML: {' '.join(str(error).split())}"
    except ValidationError as error:
        wrong = ("report." + ".".join(map(str, entry["loc"])) + f": {entry['msg']}" for entry in error.errors())
        return ReportSection(), f"the study's stored report cannot be read: {'; '.join(wrong)}"
    except ValueError as error:
        return ReportSection(), f"the study's stored text cannot be read: {error}"
