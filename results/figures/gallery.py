"""All figures of a source that its data allow, as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from results.figures.canvas import save, styled
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from results.figures.catalog import Figure
    from results.figures.source import Source, StudySource


class Gallery(NamedTuple):
    """files: by figure, SVG and PNG. left_out: by figure, why."""

    files: dict[str, tuple[Path, ...]]
    left_out: dict[str, str]


def draw_all(source: Source | StudySource, folder: Path, figures: Mapping[str, Figure]) -> Gallery:
    """Draw into `folder`, which is made if a figure can be drawn; files of the same name are written over."""
    gallery = Gallery({}, {})
    for name, figure in figures.items():
        try:
            data = figure.data(source)
        except NotDrawnError as why:
            gallery.left_out[name] = str(why)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with styled():
            canvas = figure.draw(data)
        gallery.files[name] = save(canvas, folder / name)
    return gallery
