"""How many kills, and which: from the environment, which is what `make chaos N=... SEED=...` sets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reliability")]  # for oracle.py, lives.py, wreck.py; story.py, tracker.py


@pytest.fixture(scope="session")
def seed() -> int:
    """Decides whom the kills hit, and when."""
    return int(os.environ.get("CHAOS_SEED") or 1)


@pytest.fixture(scope="session")
def n_kills() -> int | None:
    """How many kills at least; None: what belongs into `make test-all`."""
    number = os.environ.get("CHAOS_KILLS")
    return int(number) if number else None
