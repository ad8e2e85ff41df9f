"""All figures of a source that its data allow, as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class Job(NamedTuple):
    """The figures of one source, which go into a folder of their own."""

    source: Source | StudySource
    folder: Path
    figures: Mapping[str, Figure]


def draw_all(source: Source | StudySource, folder: Path, figures: Mapping[str, Figure]) -> Gallery:
    """Draw into `folder`, which is made if a figure can be drawn; files of the same name are written over."""
    return draw_many([Job(source, folder, figures)])[0]


def draw_many(jobs: Sequence[Job]) -> list[Gallery]:
    """Draw every job's figures; one gallery a job, in their order."""
    return [_draw(job) for job in jobs]


def _draw(job: Job) -> Gallery:
    gallery = Gallery({}, {})
    for name, figure in job.figures.items():
        try:
            data = figure.data(job.source)
        except NotDrawnError as why:
            gallery.left_out[name] = str(why)
            continue
        job.folder.mkdir(parents=True, exist_ok=True)
        with styled():
            canvas = figure.draw(data)
        gallery.files[name] = save(canvas, job.folder / name)
    return gallery
