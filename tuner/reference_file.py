"""A file of printed numbers -> Reference, with every mistake at its line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from tuner.errors import InputError
from tuner.load import read_file
from tuner.options.problems import problems_of

if TYPE_CHECKING:
    from results.references import Reference


def read_reference(path: Path) -> Reference:
    """The printed numbers in a user's own file. Raises InputError with every problem, each with its line."""
    from results.references import Reference

    file = read_file(path, what="reference")
    try:
        return Reference.model_validate(file.data)
    except ValidationError as error:
        raise InputError(file.places.locate(problems_of(error, Reference))) from None
