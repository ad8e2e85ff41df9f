"""Gives the recorder what the store must have of a search that is over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from results.records import SearchOutcome
from tuner.closed import Closed, mark_done
from tuner.dispatch.closing import exported_run
from tuner.dispatch.image import SearchImage
from tuner.dispatch.recorder import Recorder
from tuner.outcomes import result_of
from tuner.run import SearchResult

if TYPE_CHECKING:
    from trainables.training import ExportedModel


def hand_over(
    recorder: Recorder,
    image: SearchImage,
    folder: Path,
    closed: Closed,
    model: Callable[[SearchOutcome], ExportedModel | None] | None,
) -> SearchResult:
    """Queue a search's end, its files, its model, and the note that the store has them; returns what it came to.

    folder: the search's. model: makes what `closed.export` tells of; None: there is nothing to register.
    """
    result = result_of(folder, closed)
    files = {name: folder / path for name, path in closed.files.items()}
    recorder.end_search(image, outcome=result.outcome, files=files)
    if closed.export is not None and model is not None:
        _, final = exported_run(result.outcome, closed.export)
        recorder.model(image, result.outcome, partial(model, result.outcome), final=final)
    recorder.then(lambda: None if image.lacks_model else mark_done(folder, model=image.model))
    return result
