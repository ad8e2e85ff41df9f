"""A command that only reads or checks imports nothing heavy and answers at once; told by a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = (
    "ray",
    "torch",
    "torchvision",
    "mlflow",
    "hyperopt",
    "optuna",
    "pandas",
    "sklearn",
    "numpy",
    "scipy",
    "matplotlib",
)
MEASURED = """
import sys, resource
from tuner.cli.main import app
try:
    app(sys.argv[1:], prog_name="tuner")
except SystemExit as end:
    code = end.code
heavy = [name for name in {heavy!r} if name in sys.modules]
seconds = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
print("MEASURED", code or 0, ",".join(heavy) or "-", seconds, file=sys.stderr)
"""
COMMANDS = {
    "help": ["--help"],
    "help of a verb": ["plan", "--help"],
    "version": ["--version"],
    "validate": ["validate", "STUDY"],
    "plan": ["plan", "STUDY"],
    "validate 75 searches": ["validate", "studies/moving_targets.yaml"],
    "plan 75 searches": ["plan", "studies/moving_targets.yaml"],
    "ls": ["ls", "losses"],
    "ls searchers": ["ls", "searchers"],
    "schema": ["schema"],
    "help of figures": ["figures", "--help"],
}
# The inventory of data sets reads file names by their readers' modules, which import numpy.
MAY_IMPORT = {"plan": {"numpy"}, "plan 75 searches": {"numpy"}}
ROOT = Path(__file__).parents[3]
# A second on an idle machine, and room for one that is not: processor time grows where others share its caches.
LIMIT_S = 2.0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_light_command_imports_nothing_heavy_and_takes_a_second(name: str, study_file: Callable[..., Path]) -> None:
    """Seconds are those of the processor, so that other work on the machine does not count."""
    arguments = [str(study_file()) if word == "STUDY" else word for word in COMMANDS[name]]
    code = MEASURED.format(heavy=HEAVY)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    _, exit_code, heavy, seconds = done.stderr.splitlines()[-1].split(" ")
    assert exit_code == "0", done.stderr
    assert set(heavy.replace("-", "").split(",")) - {""} <= MAY_IMPORT.get(name, set())
    assert float(seconds) < LIMIT_S, f"{seconds} s of processor time, {time.monotonic() - began:.1f} s in all"


def test_a_misspelt_verb_is_told_with_the_nearest_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tuner", "validat"], capture_output=True, text=True, check=False, env={"COLUMNS": "200"}
    )
    assert done.returncode == 2
    assert "Did you mean 'validate'?" in done.stderr
