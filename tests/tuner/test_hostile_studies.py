"""Study files that are damaged or hostile: `tuner validate` says so and does nothing else.

Every shipped study is mutated: values of wrong types and sizes, keys that are missing, extra, misspelt, moved or
nested, lines and bytes of its text. Oracles: the exit code, the clock, the kernel's account of memory, and Python's
audit events, which tell of every file opened for writing, every process started and every connection.
"""

from __future__ import annotations

import copy
import json
import math
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuner.yaml_lines import parse_yaml

MAX_SECONDS, MAX_KIB = 2.0, 500_000
STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("**/*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in STUDIES]
DATA = [parse_yaml(text).data for text in TEXTS]

HUGE_INT = 10**400
NAMES = ["../x", "/", "/dev/zero:x", "n\0.py:x", "x" * 5000, "/" + "y" * 300 + ".py:z", "", "folder:/"]
NAMES += ["os:system", ":", "a:b:c", "a..b:c", ".os:x", "\ud800", "\u202e", "\0:\0", "${HOME}", "{lr}", "%s"]
SCALARS: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**63, -(2**53) - 1, HUGE_INT, -HUGE_INT, 1e-320, 1e308, 0.5, -0.0),
    *(math.nan, math.inf, -math.inf, "", " ", "1e400", "1e-4", "nan", "null", "x" * 100_000, "\n" * 50),
]
CONTAINERS: list[Any] = [
    *([], {}, [[]], [None], {"": None}, {"not": []}, {"not": {"not": 1}}, {"when": {}}, {"extends": "nothing"}),
    *({"uniform": [0, math.inf]}, {"int": [0, 2**53]}, {"int": [0, 999]}, {"loguniform": [5e-324, 1e308]}),
    *({"normal": {"mean": 0, "std": 1e-300, "low": -1e308, "high": 1e308}}, {"choice": []}, {"constant": {"a": [1]}}),
    *(list(range(3000)), [[n] for n in range(1500)], {f"k{n}": n for n in range(2000)}, [{"lr": 1e-3}] * 500),
    *({"choice": list(range(5000))}, {"choice": [{"a": n} for n in range(800)]}),
    [{"constant": n} for n in range(1500)],
    *([{"constant": n, "when": {"loss": n}} for n in range(300)], {f"p{n}": {"uniform": [0, 1]} for n in range(1000)}),
    {f"c{n}": {"choice": [1, 2], "when": {f"c{n - 1}": 1}} for n in range(1, 900)},
    {f"b{n}": {"choice": list(range(9))} for n in range(40)},
    {f"f{n}": list(range(30)) for n in range(12)},
    [{"loss": n} for n in range(3000)],
    json.loads("[" * 40 + "]" * 40),
]  # fmt: skip
OPERATIONS = ("replace", "replace", "remove", "misspell", "add", "wrap", "copy", "swap", "repeat")

small_text = st.text(max_size=4)
small = st.integers(-2, 2) | small_text
values = st.one_of(
    st.sampled_from(SCALARS),
    st.sampled_from(NAMES),
    st.sampled_from(CONTAINERS),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.recursive(small, lambda below: st.lists(below, max_size=3) | st.dictionaries(small_text, below, max_size=3)),
)
place = st.integers(0, 2**16)
changes = st.lists(st.tuples(st.sampled_from(OPERATIONS), place, place, values), min_size=1, max_size=3)


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    for key, below in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(below, dict | list):
            yield from spots(below)


def change(data: Any, operation: str, where: int, other: int, value: Any) -> None:
    """Apply one mutation in place; it may hit anything from the study's name to an item of a nested list."""
    found = list(spots(data))
    if not found:
        data["search"] = value
        return
    holder, key = found[where % len(found)]
    from_holder, from_key = found[other % len(found)]
    match operation:
        case "replace":
            holder[key] = value
        case "remove":
            del holder[key]
        case "misspell":
            text = str(key)
            put(holder, text[: other % (len(text) + 1)] + "x" + text[1 + other % (len(text) + 1) :], holder.pop(key))
        case "add":
            put(holder, str(value)[:50], value)
        case "wrap":
            holder[key] = [holder[key]] if other % 2 else {"constant": holder[key]}
        case "copy":
            holder[key] = copy.deepcopy(from_holder[from_key])
        case "swap":
            moved = copy.deepcopy(from_holder[from_key])
            from_holder[from_key] = copy.deepcopy(holder[key])
            holder[key] = moved
        case "repeat":
            holder[key] = [copy.deepcopy(holder[key]) for _ in range(2 + other % 40)]


def put(holder: Any, key: str, value: Any) -> None:
    """A new entry of a mapping, a new item of a list."""
    if isinstance(holder, dict):
        holder[key] = value
    else:
        holder.append(value)


def written(value: Any) -> str:
    """A value as flow YAML, which JSON is, but for the numbers that JSON does not have."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {written(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ("-.inf" if value < 0 else ".inf")
    return hex(value) if isinstance(value, int) and value == HUGE_INT else json.dumps(value)


def document(data: Any) -> bytes:
    """A study's text, one top-level key a line."""
    lines = [f"{json.dumps(key)}: {written(value)}" for key, value in data.items()]
    return "\n".join(lines).encode("utf-8")


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A shipped study with one to three changes of its values."""
    data = copy.deepcopy(draw(st.sampled_from(DATA)))
    for operation, where, other, value in draw(changes):
        change(data, operation, where, other, copy.deepcopy(value))
    return document(data)


FRAGMENTS = [
    "\t",
    "- ",
    ": ",
    "? ",
    "&a ",
    "*a",
    "<<: *a",
    "!!python/object/apply:os.system ['true']",
    "!x ",
    "---\n",
    "...\n",
]
FRAGMENTS += [
    "%YAML 1.1\n",
    "#",
    "[",
    "]",
    "{",
    "}",
    "|",
    ">",
    "'",
    '"',
    "\x00",
    "\x07",
    "\ufeff",
    "\u2028",
    "\n",
    "  ",
    "@",
    "`",
]
noise = st.sampled_from([text.encode() for text in FRAGMENTS]) | st.binary(min_size=1, max_size=4)
edits = st.lists(
    st.tuples(st.sampled_from(["insert", "overwrite", "cut", "line"]), place, noise), min_size=1, max_size=4
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A shipped study's text with bytes inserted, overwritten or cut, or a line left out."""
    text = draw(st.sampled_from(TEXTS)).encode()
    for operation, where, piece in draw(edits):
        at = where % (len(text) + 1)
        next_line = text.find(b"\n", at) + 1 or at
        end = {"insert": at, "overwrite": at + len(piece), "cut": len(text), "line": next_line}[operation]
        text = text[:at] + (b"" if operation in ("cut", "line") else piece) + text[end:]
    return text


def peak_kib() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def attack(texts: st.SearchStrategy[bytes], n: int, judge: Callable[[bytes], str]) -> None:
    """Judge n files, the same ones on every run; together they add less memory than one may take."""
    before, judged = peak_kib(), 0

    @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(texts)
    def run(content: bytes) -> None:
        nonlocal judged
        judged += 1
        judge(content)

    run()
    assert judged >= n
    assert peak_kib() - before < MAX_KIB


def test_changed_values(judge: Callable[[bytes], str]) -> None:
    attack(mutants(), 100, judge)


def test_damaged_texts(judge: Callable[[bytes], str]) -> None:
    attack(damaged(), 150, judge)


@pytest.mark.long
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(("texts", "n"), [(mutants(), 9_000), (damaged(), 11_000)], ids=["values", "texts"])
def test_twenty_thousand(texts: st.SearchStrategy[bytes], n: int, judge: Callable[[bytes], str]) -> None:
    attack(texts, n, judge)


QUICKSTART = DATA[[path.name for path in STUDIES].index("quickstart.yaml")]


ON_LINUX = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from Linux's /proc")
# The kernel's account for the parent would count the memory of whoever started the process.
PROGRAM = """
import atexit, re, sys
atexit.register(lambda: print(re.search(r"VmHWM:.*", open("/proc/self/status").read())[0], file=sys.stderr))
from tuner.cli.main import main
main()
"""


def by_process(content: bytes, folder: Path) -> tuple[int, str, float, int]:
    """Exit code, output, CPU seconds and peak memory (KiB) of `tuner validate` as a process of its own."""
    path = folder / "study.yaml"
    path.write_bytes(content)
    environment = {**os.environ, "TUNER_HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    with (folder.parent / "output").open("w+b") as output:
        command = [sys.executable, "-c", PROGRAM, "validate", str(path)]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said, _, peak = output.read().decode().rpartition("VmHWM:")
    assert list(folder.iterdir()) == [path]
    return process.returncode, said, used.ru_utime + used.ru_stime, int(peak.split()[0])


def sample(texts: Sequence[bytes], folder: Path) -> None:
    """Judge files by a process each."""
    folder.mkdir()
    for content in texts:
        code, said, cpu_s, peak = by_process(content, folder)
        assert code in (0, 2), said
        assert "Traceback" not in said
        assert cpu_s < MAX_SECONDS
        assert peak < MAX_KIB


@ON_LINUX
def test_by_subprocess(tmp_path: Path) -> None:
    wide = document({**QUICKSTART, "grid": {f"f{n}": list(range(5)) for n in range(4)}, "space": CONTAINERS[-6]})
    sample([wide], tmp_path / "study")


@ON_LINUX
@pytest.mark.long
@pytest.mark.timeout(600)
def test_more_by_subprocess(tmp_path: Path) -> None:
    """Every container in the place of a searched parameter and of the grid, and of the whole space."""
    studies = [document({**QUICKSTART, key: value}) for value in CONTAINERS[9:] for key in ("grid", "space")]
    studies += [document({**QUICKSTART, "fixed": {**QUICKSTART["fixed"], "x": value}}) for value in CONTAINERS[9:]]
    texts = [TEXTS[-1].encode(), b"a: " + b"x y " * 249_000, *studies]
    sample(texts[:24], tmp_path / "study")
