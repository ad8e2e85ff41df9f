"""Delivers to the store what a run left on the disk because the store was away. Light to import; trains nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuner.errors import InputError, Problem
from tuner.home import Home
from tuner.outbox import (
    LEDGER,
    Posting,
    Waiting,
    has_all,
    is_over,
    read_posting,
    read_search,
    reason,
    search_folders,
    undelivered,
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

    @property
    def undelivered(self) -> str | None:
        """What still waits, and why; None if the store has everything."""
        return self.after.told(self.refusal) if self.after else None


def sync(name: str, *, home: Path | str = "runs", patience: Patience | None = None) -> list[Synced]:
    """Deliver what waits of a study, in the order of its coming; nothing is sent if nothing waits.

    Raises InputError if no such study was run in this home, RunError if another process runs it.
    """
    house = Home(Path(home).absolute())
    if not generations(house, name):
        rule = "must be a study that was run in this home"
        raise InputError([Problem((), rule, name, tuple(study_names(house)), option="STUDY")])
    with locked(house, name):
        return [deliver(house, folder, patience) for folder in generations(house, name)]


def deliver(home: Home, folder: StudyFolder, patience: Patience | None = None) -> Synced:
    """Deliver what waits of one generation, which the caller holds."""
    before, posting = waiting(folder), read_posting(folder)
    uri = posting.tracking_uri if posting is not None else home.tracking_uri
    if posting is None or not before:
        return Synced(study_id=folder.study_id, tracking_uri=uri, before=before, after=before)
    from tuner.dispatch.recorder import Recorder

    recorder = Recorder(posting.open_store, posting.record, patience=patience)
    try:
        for path in search_folders(folder):
            deliver_search(home, path, recorder)
        if is_over(folder, posting.searches):
            recorder.end_study(then=lambda: write_posting(folder, replace(posting, delivered=True)))
        recorder.interrupt()  # a search that is not over
    finally:
        recorder.close()
    return Synced(
        study_id=folder.study_id,
        tracking_uri=uri,
        before=before,
        after=waiting(folder),
        refusal=why_not(recorder, posting),
    )


def deliver_search(home: Home, folder: Path, recorder: Recorder) -> None:
    """Hand the records of a search to the recorder, unless the store has them all."""
    from tuner.closed import mark_waiting, read_closed
    from tuner.dispatch.ledger import Ledger
    from tuner.handover import hand_over

    record = read_search(folder)
    if record is None or (has_all(folder) and not undelivered(folder)):
        return
    if has_all(folder):  # after a power cut, which delivered.json may not have outlived
        mark_waiting(folder)
    image, closed = recorder.watch(record, Ledger(folder / LEDGER)), read_closed(folder)
    if closed is not None:
        export = closed.export
        hand_over(recorder, image, folder, closed, None if export is None else lambda _: _model(home, folder, export))


def why_not(recorder: Recorder, posting: Posting) -> str | None:
    """Why not everything was delivered, in one line, once the recorder is closed; None if everything was."""
    refused = [] if recorder.refusal is None else [reason(posting, recorder.refusal)]
    return "; ".join([*recorder.lacks, *refused]) or None


def _model(home: Home, path: Path, export: Export) -> ExportedModel | None:
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
    return take(target, export.config, runtime, run, path / export.checkpoint, frozenset({"model"})).model
