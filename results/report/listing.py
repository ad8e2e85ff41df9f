"""Which files of a folder are the report's: what an earlier report left there goes, what is others' stays."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from disk import write_json

LISTING = ".report.json"
PAGE = "index.html"
_GENERATOR = b'<meta name="generator" content="tuner '  # in the head of every page: templates/base.html


def strangers_page(folder: Path) -> Path | None:
    """The page that a report would take the place of and that is not a report's; None if there is no such."""
    page = folder / PAGE
    if not page.is_file():
        return page if page.exists() else None
    with page.open("rb") as file:
        return None if _GENERATOR in file.read(2_000) else page


def replace_listing(folder: Path, files: Collection[Path]) -> None:
    """Write down the report's files, and remove those that an earlier report wrote down and that are no more.

    files: in `folder`. What stands in the list and would lie outside the folder is left alone.
    """
    names = {file.relative_to(folder).as_posix() for file in files}
    for gone in sorted(folder / name for name in _listed(folder) - names):
        if gone.is_file():
            gone.unlink()
    write_json(folder / LISTING, sorted(names), flushed=False)


def _listed(folder: Path) -> set[str]:
    """The files of the report that was here; empty if there was none, or its list is not one of ours."""
    try:
        names = json.loads((folder / LISTING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    names = names if isinstance(names, list) else []
    return {name for name in names if isinstance(name, str) and name and _inside(PurePosixPath(name))}


def _inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts
