"""Delivers to the store what a run left on the disk because the store was away. Light to import; trains nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuner.errors import InputError, Problem
from tuner.home import Home
from tuner.outbox import (
    LEDGER,
    Posting,
    Waiting,
    is_over,
    read_posting,
    read_search,
    reason,
    search_folders,
    waiting,
    write_posting,
)
from tuner.study_folder import StudyFolder, generations, locked, study_names

if TYPE_CHECKING:
    from trainables.training import ExportedModel
    from tuner.closed import Export
    from tuner.dispatch.recorder import Patience, Recorder


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What became of a generation of a study. before, after: what waited; refusal: why something still does."""

    study_id: str
    tracking_uri: str
    before: Waiting
    after: Waiting
    refusal: str | None = None


def sync(name: str, *, home: Path | str = "runs", patience: Patience | None = None) -> list[Synced]:
    """Deliver what waits of a study, in the order of its coming; nothing is sent if nothing waits.

    Raises InputError if no such study was run in this home, RunError if another process runs it.
    """
    house = Home(Path(home).absolute())
    if not generations(house, name):
        rule = "must be a study that was run in this home"
        raise InputError([Problem((), rule, name, tuple(study_names(house)), option="STUDY")])
    with locked(house, name):
        return [_sync(house, folder, patience) for folder in generations(house, name)]


def _sync(home: Home, folder: StudyFolder, patience: Patience | None) -> Synced:
    before, posting = waiting(folder), read_posting(folder)
    uri = posting.tracking_uri if posting is not None else home.tracking_uri
    if posting is None or not before:
        return Synced(study_id=folder.study_id, tracking_uri=uri, before=before, after=before)
    from tuner.dispatch.recorder import Recorder

    recorder = Recorder(posting.open_store, posting.record, patience=patience)
    try:
        problems = [problem for path in search_folders(folder) if (problem := _search(home, path, recorder))]
        if problems or not is_over(folder, posting.searches):
            recorder.interrupt()
        else:
            recorder.end_study(then=lambda: _delivered(folder, posting))
    finally:
        recorder.close()
    refusals = [*problems, *([] if recorder.refusal is None else [reason(posting, recorder.refusal)])]
    return Synced(
        study_id=folder.study_id,
        tracking_uri=uri,
        before=before,
        after=waiting(folder),
        refusal="; ".join(refusals) or None,
    )


def _delivered(folder: StudyFolder, posting: Posting) -> None:
    from dataclasses import replace

    write_posting(folder, replace(posting, delivered=True))


def _search(home: Home, path: Path, recorder: Recorder) -> str | None:
    """Hand a search's records to the recorder; what keeps it from being ended, None if nothing does."""
    from tuner.closed import mark_done, read_closed
    from tuner.dispatch.ledger import Ledger
    from tuner.outcomes import result_of

    closed, record = read_closed(path), read_search(path)
    if record is None:
        return None
    image = recorder.watch(record, Ledger(path / LEDGER))
    if closed is None:
        return None
    outcome = result_of(path, closed).outcome
    model = None
    if closed.export is not None:
        try:
            model = _model(home, path, closed.export)
        except Exception as error:  # noqa: BLE001  (a trainable of anybody's)
            return (
                f"the model of {record.search_id} cannot be made again from {path / closed.export.checkpoint}: {error}"
            )
    files = {name: path / file for name, file in closed.files.items()}
    recorder.end_search(image, outcome=outcome, files=files)
    if model is not None and closed.export is not None:
        from tuner.dispatch.closing import exported_run

        recorder.model(image, outcome, model, final=exported_run(outcome, closed.export)[1])
    recorder.then(lambda: mark_done(path, model=image.model))
    return None


def _model(home: Home, path: Path, export: Export) -> Callable[[], ExportedModel | None]:
    """Make the model in this process, where its checkpoint lies."""
    from tuner.dispatch.finale import take
    from tuner.dispatch.resolve import resolve
    from tuner.dispatch.trial import Runtime

    places: dict[str, Any] = {
        "data_dir": Path(export.runtime["data_dir"]),
        "cache_dir": home.prepared,
        "trials_dir": path / "trials",
    }
    runtime = Runtime(**{**export.runtime, **places})
    target = resolve(export.trainable).target
    run = (export.seed, export.final is not None)
    finale = take(target, export.config, runtime, run, path / export.checkpoint, frozenset({"model"}))
    return lambda: finale.model
