"""From a data set's name in a study to its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainables.catalog import DATASETS, CatalogError
from trainables.catalog import load as load_attribute
from trainables.data.errors import DataError
from trainables.data.sources import Source

NAMED = tuple(name for name in DATASETS if not name.endswith(":"))
_SOURCE_PARTS = ("name", "identity", "files", "read")


def find_source(name: str, *, data_dir: Path) -> Source:
    """The source that `name` stands for; see `prepared.load` for the forms. No data are read yet.

    Raises DataError with the choices when there is none.
    """
    try:
        build = load_attribute("datasets", name)
    except CatalogError as error:
        choices = f" Data sets: {', '.join(NAMED)}, folder:PATH, npz:PATH, package.module:function."
        raise DataError(f"dataset: {error}.{choices}") from error
    if not callable(build):
        raise DataError(f"dataset: {name} must be a function (data_dir) -> Source, but is {build!r}")
    kind, _, rest = name.partition(":")
    if f"{kind}:" not in DATASETS:
        return _checked(name, build(data_dir))
    if not rest:
        raise DataError(f"dataset: {kind}: must be followed by a path, as in {kind}:/data/mine, but got {name!r}")
    return _checked(name, build((data_dir / Path(rest).expanduser()).absolute(), name=name))


def _checked(name: str, source: Any) -> Source:
    missing = [part for part in _SOURCE_PARTS if not hasattr(source, part)]
    if missing:
        raise DataError(f"dataset: {name} must give a Source, but {source!r} lacks {', '.join(missing)}")
    checked: Source = source
    return checked
