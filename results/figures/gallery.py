"""All figures of sources that their data allow, as files; drawn anew only where something has changed."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from results.figures.cache import Digests, Drawn, Manifest
from results.figures.drawing import draw_one
from results.figures.pool import Task, WorkerError, draw_in_processes, usable_cpus

if TYPE_CHECKING:
    from results.figures.catalog import Figure
    from results.figures.source import Source, StudySource

_FEW = 12  # figures that are drawn before the first process has imported matplotlib


class Gallery(NamedTuple):
    """files: by figure, SVG and PNG. left_out: by figure, why. n_drawn: how many of the files' figures are new."""

    files: dict[str, tuple[Path, ...]]
    left_out: dict[str, str]
    n_drawn: int = 0


class Job(NamedTuple):
    """The figures of one source, which go into a folder of their own."""

    source: Source | StudySource
    folder: Path
    figures: Mapping[str, Figure]


def draw_all(source: Source | StudySource, folder: Path, figures: Mapping[str, Figure]) -> Gallery:
    """One source's figures; see `draw_many`."""
    return draw_many([Job(source, folder, figures)])[0]


def draw_many(jobs: Sequence[Job], *, processes: int | None = None) -> list[Gallery]:
    """Every job's figures; one gallery a job, in their order.

    A folder is made if a figure can be drawn. Beside the figures it keeps what they were drawn from (`.figures.json`):
    one whose records, arrays, code and files are the same is not drawn again, and files of figures that it had and
    has no more are removed. An error in drawing leaves that figure out, with its message.
    processes: how many draw, by default one for each CPU; a dozen figures are drawn here.
    Raises ValueError if two jobs have the same folder, OSError if files cannot be written.
    """
    if len({job.folder for job in jobs}) < len(jobs):
        raise ValueError("two jobs have the same folder: each would remove the other's figures")
    digests = Digests()
    wanted = [{name: digests.figure(name, job.source) for name in job.figures} for job in jobs]
    manifests = [Manifest(job.folder) for job in jobs]
    found = [
        {name: manifest.find(name, digest) for name, digest in wants.items()}
        for manifest, wants in zip(manifests, wanted, strict=True)
    ]
    tasks = [
        Task(job.source, job.folder, {name: job.figures[name] for name, drawn in known.items() if drawn is None})
        for job, known in zip(jobs, found, strict=True)
    ]
    galleries = []
    drawn = _draw(tasks, processes if processes is not None else usable_cpus())
    for known, new, manifest, wants in zip(found, drawn, manifests, wanted, strict=True):
        every = {name: one if one is not None else new[name] for name, one in known.items()}
        manifest.replace(every, wants)
        galleries.append(_gallery(every, new))
    return galleries


def _draw(tasks: Sequence[Task], processes: int) -> list[dict[str, Drawn]]:
    """In processes what is worth it and can be sent there, the rest here."""
    sent = [number for number, task in enumerate(tasks) if task.figures and _can_be_sent(task)]
    drawn: dict[int, dict[str, Drawn]] = {}
    if processes > 1 and sum(len(tasks[number].figures) for number in sent) > _FEW:
        try:
            drawn = dict(zip(sent, draw_in_processes([tasks[number] for number in sent], processes), strict=True))
        except WorkerError:
            drawn = {}  # where no process can be started, it takes longer
    for number, task in enumerate(tasks):
        if number not in drawn:
            drawn[number] = {n: draw_one(n, figure, task.source, task.folder) for n, figure in task.figures.items()}
    return [drawn[number] for number in range(len(tasks))]


def _can_be_sent(task: Task) -> bool:
    """Whether its figures are functions of modules: others cannot be pickled."""
    try:
        pickle.dumps(dict(task.figures))
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _gallery(every: Mapping[str, Drawn], new: Mapping[str, Drawn]) -> Gallery:
    files = {name: one.files for name, one in every.items() if one.files}
    left_out = {name: one.why for name, one in every.items() if not one.files}
    return Gallery(files, left_out, sum(bool(one.files) for one in new.values()))
