"""ruff's security rules (S) hold everywhere: whoever waves one aside says which one, where, and why."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
WAVED = re.compile(r"#\s*(?P<file>ruff:\s*)?noqa(?::\s*(?P<rules>[A-Z0-9, ]*[A-Z0-9]))?\s*(?P<reason>.*)")


def python_files() -> list[Path]:
    """Every Python file of the checkout that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def is_security(rule: str) -> bool:
    return re.fullmatch(r"S\d*", rule) is not None


def test_the_rules_are_on_and_left_out_nowhere_but_in_tests() -> None:
    assert "S" in LINT["select"]
    assert not [rule for rule in LINT["ignore"] if is_security(rule)]
    ignored = {place: set(filter(is_security, rules)) for place, rules in LINT["per-file-ignores"].items()}
    assert {place: rules for place, rules in ignored.items() if rules} == {"tests/**": {"S101", "S603", "S607"}}


def test_each_exception_names_its_rule_and_its_reason() -> None:
    bare, without_reason = [], []
    for path in python_files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = WAVED.search(line)
            if found is None or "re.compile" in line:
                continue
            place = f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
            if found["rules"] is None:
                bare.append(place)
            elif any(map(is_security, re.split(r"[, ]+", found["rules"]))) and len(found["reason"]) < 5:
                without_reason.append(place)
    assert (bare, without_reason) == ([], [])
