"""The example of docs/data.md: arrays written by its code are a data set that its study can train on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from trainables.moving_targets import MovingTargets
from trainables.training import TrialContext, epochs

PAGE = Path(__file__).parents[3] / "docs" / "data.md"


def _block(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return text


def test_the_pages_arrays_can_be_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: each class has a bright line of its own, so a few epochs separate them; 90 + 30 images of 12 x 12."""
    monkeypatch.chdir(tmp_path)
    exec(compile(_block("python"), str(PAGE), "exec"), {})  # noqa: S102  (the page's own example)
    study = yaml.safe_load(_block("yaml"))
    context = TrialContext(seed=1, data_dir=tmp_path, cache_dir=tmp_path / "prepared")
    training = MovingTargets({**study["fixed"], "lr": 3e-3}, context)
    *_, last = epochs(training, last=study["search"]["budget"]["max"])
    assert last["val/accuracy"] > 0.9
    assert training.test()["test/accuracy"] > 0.9
