"""What a table shows, as a study's `report` writes it; read with every mistake at its place. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from results.pivot.contents import Content, parse_content
from results.references import Scalar

CELL = "cell"
"""The name of the axis of quantities, where a table shows several."""

DATA_FACTORS = ("dataset", "split", "n_classes")
"""Factors that choose the images: what is of different images is not compared unless a table asks for it."""

_FILE_NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"


def _file_name(value: str) -> str:
    """The name itself. Raises ValueError unless it can name a file on any machine."""
    if not re.fullmatch(_FILE_NAME, value):
        raise ValueError('must be a file name: at most 64 letters, digits, "_", "." and "-", a letter or digit first')
    return value


def _labelled(value: Any) -> Any:
    """A cell as a mapping of labels to contents: a text stands for itself, so do those of a list."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        labels = [_parse_label(item) for item in value]
        return {item if labels.count(label) > 1 else label: item for label, item in zip(labels, value, strict=True)}
    return value


def _parse_label(text: str) -> str:
    """What stands over a quantity that was given no label; a text that cannot be read stands for itself."""
    try:
        return parse_content(text).label
    except ValueError:
        return text


def _read_contents(value: dict[str, str]) -> dict[str, str]:
    if not value:
        raise ValueError("must name something to show")
    wrong = []
    for label, text in value.items():
        try:
            parse_content(text, label)
        except ValueError as error:
            wrong.append(f"{text!r} {error}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return value


Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)]


class TableSpec(BaseModel):
    """One table of a report: which factors its rows and columns are, and what stands in a cell."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    name: Annotated[str, AfterValidator(_file_name), WithJsonSchema({"type": "string", "pattern": f"^{_FILE_NAME}$"})]
    """Names its files."""
    title: str = ""
    """Stands over it; the name unless given."""
    rows: Names = ()
    """Factors whose values make the rows, the last one fastest."""
    columns: Names = ()
    """Factors whose values make the columns, likewise."""
    cell: Annotated[
        dict[str, str],
        BeforeValidator(_labelled, json_schema_input_type=str | list[str] | dict[str, str]),
        AfterValidator(_read_contents),
    ]
    """What stands in a cell, see `results.pivot.contents`: one thing, a list, or a mapping from labels to things."""
    only: dict[str, Annotated[tuple[Scalar, ...], Field(strict=False)]] = {}
    """Which searches: for some factors of the grid the values to keep, as `--only` picks them."""
    compare: Names | None = None
    """Factors over which the best is looked for; by default those of the rows (else of the columns) that do not choose
    the data: dataset, split, n_classes."""
    mode: Literal["min", "max"] | None = None
    """Whether a small or a large value is best; by default as the study has it for its own metric, small for a loss,
    and no value of any other metric."""
    at: Literal["best", "last"] = "best"
    """Which step of a trial counts: its best one by the study's metric, or the last."""
    percent: bool = False
    """Write metrics as percentages (CSV keeps them as they are)."""

    @property
    def heading(self) -> str:
        """The title, or the name."""
        return self.title or self.name

    @property
    def compared(self) -> tuple[str, ...]:
        """The factors over which the best is looked for."""
        if self.compare is not None:
            return self.compare
        apart = (*DATA_FACTORS, CELL)
        kept = [tuple(name for name in names if name not in apart) for names in (self.rows, self.columns)]
        return kept[0] or kept[1]

    def contents(self) -> tuple[Content, ...]:
        """What stands in a cell, read."""
        return tuple(parse_content(text, label) for label, text in self.cell.items())

    @property
    def pseudo_factors(self) -> tuple[str, ...]:
        """Factors made of the names of metrics that are shown."""
        shown = (content for content in self.contents() if content.kind == "metric")
        return tuple(dict.fromkeys(name for content in shown for name in content.factors))
