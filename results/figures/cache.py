"""What a figure was drawn from, as a digest: where source, code and files are the same, it stays as it is."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from disk import write_json
from results.figures.source import Source, StudySource

if TYPE_CHECKING:
    from results.figures.source import Arrays
    from results.records import TrialRecord

MANIFEST = ".figures.json"  # in the folder of the figures
_DRAWING = ("matplotlib", "numpy", "optuna", "pillow", "scikit-learn", "scipy")


class Drawn(NamedTuple):
    """What became of one figure. files: SVG and PNG; none if it is left out, and `why` then says the reason.

    crashed: the reason is an error in drawing, which is tried again the next time.
    """

    files: tuple[Path, ...] = ()
    why: str = ""
    crashed: bool = False


@dataclass(frozen=True)
class Packed:
    """Arrays as the bytes of an .npz file, None for none, fit to be pickled. Called, it loads them."""

    data: bytes | None

    def __call__(self) -> Arrays:
        """The arrays, read without unpickling."""
        import numpy as np

        if self.data is None:
            return {}
        with np.load(io.BytesIO(self.data), allow_pickle=False) as kept:
            return dict(kept)


def packed(source: Source) -> Packed:
    """The arrays of a source, as they are kept if it can tell, else packed anew."""
    if source.pack is not None:
        return Packed(source.pack())
    import numpy as np

    out = io.BytesIO()
    np.savez(out, **source.arrays)  # type: ignore[arg-type]
    return Packed(out.getvalue())


def portable(source: Source | StudySource) -> Source | StudySource:
    """The same source with all that it holds, fit to be pickled."""
    if isinstance(source, StudySource):
        return StudySource(study=source.study, searches=tuple(_portable(search) for search in source.searches))
    return _portable(source)


class Digests:
    """Digests of sources; each is read once, however many figures and studies it is in."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def figure(self, name: str, source: Source | StudySource) -> str:
        """What a figure of this name is drawn from: the source, and the code that draws."""
        return _digest([drawing_version(), name, self._of(source)])

    def _of(self, source: Source | StudySource) -> str:
        if id(source) not in self._known:
            told: list[str | bytes]
            if isinstance(source, StudySource):
                told = [_plain(vars(source.study)), *(self._of(search) for search in source.searches)]
            else:
                told = [*_records(source), packed(source).data or b""]
            self._known[id(source)] = _digest(told)
        return self._known[id(source)]


@cache
def drawing_version() -> str:
    """Changes with every file of this package and with the libraries that draw."""
    root = Path(__file__).parents[1]
    files = sorted(path for path in root.rglob("*") if path.suffix in (".py", ".yaml"))
    return _digest([*map(_library, _DRAWING), *(hash_of(path) for path in files)])


class Manifest:
    """The figures that a folder holds, each with its digest and the content of its files."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MANIFEST
        self._entries: dict[str, dict[str, Any]] = {}
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
            self._entries = {str(name): dict(entry) for name, entry in read["figures"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # none yet, or not one of ours: everything is drawn anew

    def find(self, name: str, digest: str) -> Drawn | None:
        """A figure that was drawn from the same, or left out; None if that is not so or a file is not as it was."""
        entry = self._entries.get(name)
        if entry is None or entry.get("digest") != digest:
            return None
        files = {self._path.parent / file: content for file, content in entry["files"].items()}
        if any(not file.is_file() or hash_of(file) != content for file, content in files.items()):
            return None
        return Drawn(tuple(files), entry["why"])

    def replace(self, drawn: Mapping[str, Drawn], digests: Mapping[str, str]) -> None:
        """Write down what the folder holds now, and remove files of figures that it held and that are no more."""
        folder = self._path.parent
        kept = {file.name for one in drawn.values() for file in one.files}
        for entry in self._entries.values():
            for file in entry["files"]:
                if file not in kept and Path(file).name == file:
                    (folder / file).unlink(missing_ok=True)
        entries = {
            name: {
                "digest": digests[name],
                "files": {file.name: hash_of(file) for file in one.files},
                "why": one.why,
            }
            for name, one in drawn.items()
            if not one.crashed
        }
        if folder.is_dir() and entries != self._entries:
            write_json(self._path, {"figures": entries}, flushed=False)


def hash_of(path: Path) -> str:
    """A file's content as a short text."""
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _portable(source: Source) -> Source:
    return Source(outcome=source.outcome, load=packed(source))


def _records(source: Source) -> Iterable[str]:
    outcome = source.outcome
    yield _plain(vars(outcome.search))
    kept = {field.name for field in fields(outcome)} - {"search", "trials", "finals"}
    yield _plain({name: getattr(outcome, name) for name in sorted(kept)})
    for trial in (*outcome.trials, *outcome.finals):
        yield from _trial(trial)


def _trial(trial: TrialRecord) -> Iterable[str]:
    yield _plain({name: value for name, value in vars(trial).items() if name != "results"})
    for result in trial.results:
        yield repr((result.step, result.at_ms, sorted(result.metrics.items())))


def _plain(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, default=_text)


def _text(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _digest(parts: Iterable[str | bytes]) -> str:
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def _library(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return name
