"""What is drawn, kept, removed and left out. Oracle: the files, and counts by hand."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from results.figures import cache
from results.figures import gallery as gallery_module
from results.figures.cache import MANIFEST, Packed, portable
from results.figures.catalog import Figure
from results.figures.gallery import Gallery, Job, draw_all, draw_many
from results.figures.source import Source, StudySource
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState
from tests.results.figures import toy_figures

POINT = Figure("a point", toy_figures.number, toy_figures.draw)
EMPTY = Figure("nothing", toy_figures.nothing, toy_figures.draw)
STUDY = StudyRecord(study_id="s", name="s", metric="m", mode="max", source="", fingerprint="", started_at_ms=0)


def source(value: float = 0.5, x: int = 1, key: str = "c") -> Source:
    search = SearchRecord(search_id=f"s/{key}", key=key, cell={}, metric="m", mode="max", started_at_ms=0)
    trial = TrialRecord(
        trial_id=f"s/{key}/0000",
        number=0,
        config={"lr": 0.1},
        seed=1,
        state=TrialState.COMPLETE,
        started_at_ms=0,
        results=(ResultRecord(step=1, at_ms=0, metrics={"m": value}),),
    )
    return Source(outcome=SearchOutcome(search=search, trials=(trial,)), load=lambda: {"x": np.array([x])})


def drawn(gallery: Gallery) -> tuple[int, list[str]]:
    return gallery.n_drawn, [*gallery.files]


def test_what_has_not_changed_is_kept_and_what_has_is_drawn_anew(tmp_path: Path) -> None:
    """Oracle: by hand; a file's time of change tells that it was left alone."""
    figures = {"point": POINT, "empty": EMPTY}
    first = draw_all(source(), tmp_path, figures)
    assert drawn(first) == (1, ["point"])
    assert first.left_out == {"empty": "there is nothing"}
    before = [file.stat().st_mtime_ns for file in first.files["point"]]
    again = draw_all(source(), tmp_path, figures)
    assert (again.files, again.left_out, again.n_drawn) == (first.files, first.left_out, 0)
    assert [file.stat().st_mtime_ns for file in again.files["point"]] == before
    assert drawn(draw_all(source(value=0.6), tmp_path, figures)) == (1, ["point"])  # a result
    assert drawn(draw_all(source(value=0.6, x=2), tmp_path, figures)) == (1, ["point"])  # an array
    assert drawn(draw_all(source(value=0.6, x=2), tmp_path, figures)) == (0, ["point"])


def test_a_file_that_was_changed_or_lost_is_drawn_again(tmp_path: Path) -> None:
    """Oracle: the file is what it was."""
    svg, png = draw_all(source(), tmp_path, {"point": POINT}).files["point"]
    content = svg.read_bytes()
    svg.write_text("<svg/>", encoding="utf-8")
    assert draw_all(source(), tmp_path, {"point": POINT}).n_drawn == 1
    assert svg.read_bytes() == content
    png.unlink()
    assert draw_all(source(), tmp_path, {"point": POINT}).n_drawn == 1
    (tmp_path / MANIFEST).write_text('{"figures": 3}', encoding="utf-8")
    assert draw_all(source(), tmp_path, {"point": POINT}).n_drawn == 1


def test_other_code_draws_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: a copy of this package with one more comment has another version."""
    draw_all(source(), tmp_path, {"point": POINT})
    code = "from results.figures.cache import drawing_version as v; print(v())"
    root = Path(cache.__file__).parents[2]
    shutil.copytree(root / "results", tmp_path / "copy" / "results", ignore=shutil.ignore_patterns("__pycache__"))

    def version() -> str:
        env = {**os.environ, "PYTHONPATH": str(tmp_path / "copy")}
        command = [sys.executable, "-P", "-c", code]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()

    assert version() == cache.drawing_version()
    changed = tmp_path / "copy" / "results" / "figures" / "canvas.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    other = version()
    assert other != cache.drawing_version()
    monkeypatch.setattr(cache, "drawing_version", lambda: other)
    assert draw_all(source(), tmp_path, {"point": POINT}).n_drawn == 1


def test_figures_that_are_no_more_are_removed_and_strangers_stay(tmp_path: Path) -> None:
    """Oracle: the folder's listing."""
    draw_all(source(), tmp_path, {"one": POINT, "two": POINT})
    (tmp_path / "mine.svg").write_text("mine", encoding="utf-8")
    draw_all(source(), tmp_path, {"two": POINT})
    assert {file.name for file in tmp_path.iterdir()} == {"two.svg", "two.png", "mine.svg", MANIFEST}
    listed = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    listed["figures"]["x"] = {"digest": "", "files": {"../outside.svg": ""}, "why": ""}
    (tmp_path / MANIFEST).write_text(json.dumps(listed), encoding="utf-8")
    outside = tmp_path.parent / "outside.svg"
    outside.write_text("mine", encoding="utf-8")
    draw_all(source(), tmp_path, {"two": POINT})
    assert outside.exists()  # a manifest removes nothing beside its own folder


def test_a_mistake_in_one_figure_is_a_note_and_is_tried_again(tmp_path: Path) -> None:
    """Oracle: by hand; what failed is not kept as a result."""
    figures = {"wrong": Figure("", toy_figures.wrong, toy_figures.draw), "point": POINT}
    gallery = draw_all(source(), tmp_path, figures)
    assert gallery.left_out == {"wrong": "drawing it failed: KeyError: 'a mistake'"}
    assert drawn(gallery) == (1, ["point"])
    mended = draw_all(source(), tmp_path, {**figures, "wrong": POINT})
    assert drawn(mended) == (1, ["wrong", "point"])


def test_processes_draw_the_same_files_and_may_die(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the files that are drawn here; a figure that ends its process is left out, those after it are drawn."""
    monkeypatch.setattr(gallery_module, "_FEW", 0)
    points = {f"p{n}": POINT for n in range(2)}
    study = StudySource(study=STUDY, searches=(source(), source(key="d")))
    deadly = {"deadly": Figure("", toy_figures.deadly, toy_figures.draw)}
    loud = {"loud": Figure("", toy_figures.loud, toy_figures.draw)}

    def jobs(folder: Path, more: Mapping[str, Figure]) -> list[Job]:
        return [Job(source(), folder / "a", {**points, **more}), Job(study, folder / "b", {**points, **loud})]

    here = draw_many(jobs(tmp_path / "here", {}), processes=1)
    assert capfd.readouterr().out == "to the terminal\n"
    there = draw_many(jobs(tmp_path / "there", {**deadly, "last": POINT}), processes=2)
    assert there[0].left_out == {"deadly": "drawing it ended its process: exit code 7"}
    assert [gallery.n_drawn for gallery in there] == [3, 3]
    assert "last" in there[0].files
    for one, other in zip(here, there, strict=True):
        for name, files in one.files.items():
            assert [file.read_bytes() for file in files] == [file.read_bytes() for file in other.files[name]]
    assert capfd.readouterr() == ("", "")
    local = {"local": Figure("", lambda source: 1, toy_figures.draw)}
    (gallery,) = draw_many([Job(source(), tmp_path / "local", local)], processes=2)
    assert gallery.n_drawn == 1  # functions that cannot be sent are called here


def test_jobs_share_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two jobs have the same folder"):
        draw_many([Job(source(), tmp_path, {}), Job(source(), tmp_path, {})])


def test_a_source_travels_with_its_arrays() -> None:
    """Oracle: the arrays; an .npz that the source can tell is taken as it is."""
    sent = portable(source(x=3))
    assert isinstance(sent, Source)
    assert sent.arrays["x"].tolist() == [3]
    kept = Packed(sent.load.data)  # type: ignore[attr-defined]
    sent = portable(dataclasses.replace(source(x=4), pack=lambda: kept.data))
    assert isinstance(sent, Source)
    assert sent.arrays["x"].tolist() == [3]
    assert Packed(None)() == {}
