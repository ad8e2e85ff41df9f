"""Printed numbers, as the verbs that compare with them find them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.errors import InputError, Problem
from tuner.names import is_file

if TYPE_CHECKING:
    from results.records import StudyRecord
    from results.references import Reference

ReferenceOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="The printed numbers: a shipped study's, or a file of your own; by default those of the study's name.",
        show_default=False,
    ),
]


def find_reference(given: str, *, from_option: bool) -> Reference:
    """The printed numbers of a shipped study, or of a file. Raises InputError with everything that is wrong."""
    from results import references

    if given in references.shipped():
        return references.load(given)
    path = Path(given)
    if from_option and (path.suffix in (".yaml", ".yml") or is_file(path)):
        from tuner.reference_file import read_reference

        return read_reference(path)
    rule = "must be a study whose printed numbers are at hand, or a file with them"
    raise InputError([Problem((), rule, given, references.shipped(), option="--reference")])


def default_settings(record: StudyRecord) -> dict[str, Any]:
    """What the study's trainable does where the study says nothing; empty if its options are not known."""
    from trainables import catalog
    from trainables.options import describe
    from trainables.signatures import MISSING

    try:
        options = catalog.options_class(record.params.get("trainable", ""))
    except catalog.CatalogError:
        return {}
    infos = describe(options) if options is not None else ()
    return {info.name: info.default for info in infos if not info.owners and info.default is not MISSING}
