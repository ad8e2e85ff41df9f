"""Files that are no study at all, and names that would lead out of the home if they became paths.

`judge` watches: nothing is written, started, connected or unpickled, whatever the file says.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from search_spaces.presets import load_preset
from search_spaces.violations import SpaceError
from trainables.data.cache import _slug
from tuner.cli import validate
from tuner.cli.common import guarded
from tuner.cli.main import app
from tuner.cli.printed import find_reference
from tuner.errors import InputError, RunError
from tuner.keys import cell_key
from tuner.load import MAX_BYTES
from tuner.names import folder_name

PATHS = [
    "../x",
    "../../etc/passwd",
    "/",
    "/dev/zero",
    "/dev/zero:x",
    "/etc/passwd.py:main",
    "a\0b",
    "n\0.py:x",
    "x" * 5000,
]
PATHS += [
    "/" + "y" * 300 + ".py:z",
    "..",
    ".",
    "",
    "C:\\x",
    "~root/x.py:y",
    "folder:/",
    "folder:../..",
    "npz:/dev/zero",
]
NAMES = [
    "os:system",
    "builtins:exec",
    ":",
    "a:b:c",
    "a..b:c",
    ".os:x",
    "\ud800",
    "\u202e",
    "\u0000:\u0000",
    "é",
    "${HOME}",
    "{lr}",
    "%s",
]
STUDY = {
    "name": "plain",
    "trainable": "moving_targets",
    "grid": {"loss": ["cosine"]},
    "space": {"lr": {"loguniform": [1e-4, 1e-2]}},
    "fixed": {"dataset": "digits", "backbone": "mlp", "embedding_dim": 16},
    "search": {"metric": "val/accuracy", "mode": "max", "trials": 1, "budget": {"max": 1}},
    "cluster": "local",
    "tracking": {"uri": None},
    "protocol": {"select_on": "validation"},
}
IMPORTABLE = ("os:system", "builtins:exec")  # they exist, and are not called


def text(**changes: Any) -> bytes:
    """The small study as text, JSON being YAML, with keys replaced."""
    return json.dumps({**STUDY, **changes}).encode()


@pytest.mark.parametrize("key", STUDY)
def test_no_key_takes_a_path_for_a_name(key: str, judge: Callable[[bytes], str]) -> None:
    """Each top-level key as each hostile name: refused, and nothing outside is touched."""
    assert judge(text()) == ""
    for name in [*PATHS, *NAMES]:
        if key != "trainable" or name not in IMPORTABLE:
            assert judge(text(**{key: name}))


def test_tables_and_printed_numbers_are_names_too(judge: Callable[[bytes], str]) -> None:
    table = {"rows": ["loss"], "cell": "val/accuracy"}
    assert judge(text(report={"tables": [{"name": "plain", **table}]})) == ""
    for name in [*PATHS, *NAMES]:
        assert "report.tables.0.name" in judge(text(report={"tables": [{"name": name, **table}]})) or "\ud800" in name
        assert "report.compare_with" in judge(text(report={"compare_with": name})) or "\ud800" in name


@pytest.mark.parametrize("name", [*PATHS, *NAMES])
def test_a_run_under_such_a_name_starts_nothing(name: str, tmp_path: Path) -> None:
    """`--name` is held to the same rule, before the home is even created."""
    path, home = tmp_path / "study.yaml", tmp_path / "home"
    path.write_bytes(text())
    done = CliRunner().invoke(app, ["run", str(path), "--name", name, "--home", str(home)])
    assert (done.exit_code, home.exists()) == (2, False)
    assert "--set name" in done.stderr


HOSTILE = st.sampled_from([*PATHS, *NAMES]) | st.text(max_size=300)
SCALARS = HOSTILE | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none()


def stays_inside(folder: Path, name: str) -> bool:
    """Oracle: the file system's own reading of the path; and 255 bytes, which is the longest file name."""
    return (folder / name).resolve().parent == folder and len(os.fsencode(name)) <= 255


@given(st.dictionaries(HOSTILE, SCALARS, max_size=4))
def test_a_cell_of_any_values_is_one_folder(cell: dict[str, Any]) -> None:
    assert stays_inside(Path("/home/x/searches"), cell_key(cell))


@given(HOSTILE)
def test_any_data_set_is_one_folder_of_the_cache(name: str) -> None:
    for prefix in ("", "folder:", "npz:"):
        assert stays_inside(Path("/home/x/data"), _slug(prefix + name))


@given(HOSTILE)
def test_a_name_out_of_a_store_is_one_folder_or_refused(name: str) -> None:
    """Anybody may have written the store: `tuner figures` calls folders by what stands there."""
    with suppress(RunError):
        assert stays_inside(Path("/home/x/figures"), folder_name(name))


def test_names_of_folders() -> None:
    assert folder_name("imbalance#2") == "imbalance#2"
    with pytest.raises(RunError, match="no name for a folder"):
        folder_name("../x")


@pytest.mark.parametrize("name", [*PATHS, *NAMES])
def test_presets_and_printed_numbers_are_looked_up_not_opened(name: str) -> None:
    """Only names that are listed open a file: a preset's, and a reference's where the study's name stands for it."""
    with pytest.raises(SpaceError, match="must name a preset"):
        load_preset(name)
    with pytest.raises(InputError, match="must be a study whose printed numbers are at hand"):
        find_reference(name, from_option=False)


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ALIASES.encode(), "more than 10,000 values once its aliases are expanded"),
        (b"a: &a [*a]", "nested more than 50 levels deep"),
        (b"a: &a {b: *a}", "nested more than 50 levels deep"),
        (b"[" * 100_000, "nested more than 50 levels deep"),
        (b"a: " + b"- " * 1000, "is not YAML"),
        ("name: gr\u00fc\u00dfe".encode("latin1"), "is not UTF-8 text (byte 8)"),
        ("name: x".encode("utf-16"), "is not UTF-8 text (byte 0)"),
        (b"name: x\x00y", "character '\\x00' is not allowed"),
        (b'name: "\\ud800"', "has half a character in it"),
        (b"x: 0x" + b"f" * 5000, "is too large for a number"),
        (b"x: " + b"9" * 5000, "is too large for a number"),
        (b"x: !!python/object/apply:os.system ['true']", "has the tag tag:yaml.org,2002:python/object/apply:os.system"),
        (b"#" * (MAX_BYTES + 1), "is larger than 1,000,000 bytes"),
        (b"a: " + b"x y " * 249_000, "a: is not a key here"),
        (b"\n".join(b"k%d: 1" % n for n in range(4000)), "more problems; these were the first 100"),
    ],
    ids=range(15),
)
def test_what_no_study_is(content: bytes, words: str, judge: Callable[[bytes], str]) -> None:
    assert words in judge(content)


def test_a_large_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: a sparse file of a terabyte, and a device that never ends."""
    path = tmp_path / "study.yaml"
    with path.open("wb") as file:
        file.truncate(2**40)
    for large in (path, Path("/dev/zero")):
        with redirect_stderr(io.StringIO()) as said, pytest.raises(typer.Exit):
            guarded(validate.command)([large])
        assert "is larger than 1,000,000 bytes" in said.getvalue()
