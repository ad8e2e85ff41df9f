"""What a study says of its report: its tables, its figures, what it is compared with. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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
