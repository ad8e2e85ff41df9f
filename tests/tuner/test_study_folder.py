"""Who holds a study's folder, and which edits of a study go on with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.errors import InputError, RunError
from tuner.home import Home
from tuner.load import load_study
from tuner.study_folder import claim

Write = Callable[..., Path]
HOLDER = """
import sys
from pathlib import Path
from tuner.home import Home
from tuner.load import load_study
from tuner.study_folder import claim
with claim(Home(Path(sys.argv[1])), load_study(Path(sys.argv[2])), fresh=False):
    print("held", flush=True)
    sys.stdin.read()
"""


def _begin(home: Home, path: Path, *overrides: str, fresh: bool = False) -> str:
    """Run the study as far as its first search's ledger; its id."""
    with claim(home, load_study(path, overrides=list(overrides)), fresh=fresh) as folder:
        folder.search("one").mkdir(parents=True, exist_ok=True)
        (folder.search("one") / "ledger.jsonl").touch()
        return folder.study_id


def test_the_second_is_told_who_holds_the_study_and_gets_it_when_that_one_is_gone(
    study_file: Write, tmp_path: Path
) -> None:
    """Oracle: the process id of a real process that holds it; another home is another matter; a kill lets it go."""
    home, path = Home(tmp_path / "h"), study_file()
    command = [sys.executable, "-c", HOLDER, str(home.root), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=rf"study tiny is being run by process {holder.pid} on \S+ since "):
            _begin(home, path)
        with pytest.raises(RunError):
            _begin(home, path, fresh=True)
        assert _begin(Home(tmp_path / "other"), path) == "tiny"
        assert _begin(home, path, "name=another") == "another"
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    assert _begin(home, path) == "tiny"


def test_what_a_killed_process_was_writing_goes_when_the_study_is_run_again(study_file: Write, tmp_path: Path) -> None:
    """Oracle: half-written files put by hand where a killed run leaves them, one beside a file that stays."""
    home, path = Home(tmp_path / "h"), study_file()
    _begin(home, path)
    root = home.study("tiny")
    trial = root / "0001" / "searches" / "all" / "trials" / "0003"
    trial.mkdir(parents=True)
    torn = [root / ".holder.json.4711.partial", trial / ".step-000002.pt.4711.partial"]
    kept = trial / "step-000001.pt"
    for file in (*torn, kept):
        file.write_bytes(b"x")
    _begin(home, path)
    assert [file.exists() for file in (*torn, kept)] == [False, False, True]


@pytest.mark.parametrize(
    "override",
    [
        "search.trials=400",
        "search.stoppers.1.time_budget=40h",
        "final={seeds: 3}",
        "search.parallel_searches=2",
        "checkpoints.keep=3",
        "resources.cpu=2",
    ],
)
def test_a_study_whose_budgets_grew_goes_on(override: str, study_file: Write, tmp_path: Path) -> None:
    home, path = Home(tmp_path / "h"), study_file()
    _begin(home, path)
    assert _begin(home, path, override) == "tiny"
    assert [folder.name for folder in home.study("tiny").glob("0*")] == ["0001"]


def test_a_mistake_that_is_found_while_data_is_prepared_does_not_bind_the_study(
    study_file: Write, tmp_path: Path
) -> None:
    """Oracle: the corrected file is taken, though the search has a folder with its error in it."""
    home, path = Home(tmp_path / "h"), study_file()
    with claim(home, load_study(path), fresh=False) as folder:
        folder.search("one").mkdir(parents=True)
        (folder.search("one") / "error.txt").write_text("no such data set")
    assert _begin(home, path, "fixed.embedding_dim=32") == "tiny"
    with pytest.raises(InputError, match="differs from the study"):
        _begin(home, path)


def test_what_else_was_edited_is_listed_with_both_values_and_the_ways_out(study_file: Write, tmp_path: Path) -> None:
    """Oracle: the three edits, by hand: each with its path, what it was, what it is. --fresh begins anew."""
    home, path = Home(tmp_path / "h"), study_file()
    _begin(home, path)
    edits = ["fixed.embedding_dim=32", "search.seed=7", "search.budget.max=20", "search.trials=9"]
    with pytest.raises(InputError) as caught:
        _begin(home, path, *edits)
    lines = {problem.place: problem.format() for problem in caught.value.problems}
    assert set(lines) == {"fixed.embedding_dim", "search.seed", "search.budget.max"}
    assert "go back to 16, but got 32" in lines["fixed.embedding_dim"]
    assert "go back to 9, but got 20" in lines["search.budget.max"]
    assert all("--fresh, the old runs are kept" in line and "--name" in line for line in lines.values())
    assert _begin(home, path, *edits, fresh=True) == "tiny#2"
    assert _begin(home, path, *edits) == "tiny#2"
