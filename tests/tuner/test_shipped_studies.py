"""Every study file of this repository can be planned as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from results import references
from tuner.load import load_study
from tuner.plan import plan_study

FOLDER = Path(__file__).parents[2] / "studies"
STUDIES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_is_valid_and_has_searches(path: Path) -> None:
    """Oracle: the loader, which checks every configuration that a cell can produce against the trainable's options."""
    assert plan_study(load_study(path)).searches


def test_printed_numbers_belong_to_a_study() -> None:
    """Oracle: the files: what `tuner verify` compares with can be run."""
    assert set(references.shipped()) <= {path.stem for path in STUDIES}
