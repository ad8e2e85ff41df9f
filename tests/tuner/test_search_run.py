"""What is kept of a search that is over."""

from __future__ import annotations

import os
from pathlib import Path

from tuner.search_run import _newest


def test_of_a_foreign_trial_s_attempts_the_last_one_s_checkpoint_is_kept(tmp_path: Path) -> None:
    """Oracle: the clock of the files, not the names that Tune draws: the attempt that was cut has the later one."""
    kept = tmp_path / "0003-a1b2" / "checkpoint_000004"
    others = [tmp_path / "0003-a1b2" / "checkpoint_000003", tmp_path / "0003-f9e8" / "checkpoint_000009"]
    for at, path in enumerate((others[1], others[0], kept), start=1):
        path.mkdir(parents=True)
        os.utime(path, ns=(at, at))
    assert _newest(tmp_path.glob("0003-*/checkpoint_*")) == kept
    assert _newest(tmp_path.glob("0004-*/checkpoint_*")) is None
