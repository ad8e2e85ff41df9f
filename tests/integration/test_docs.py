"""The examples of README.md and docs/trainables.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from cluster.connect import Cluster
from tuner import load_study, run

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", flags=re.DOTALL)


def _blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def test_the_trainables_of_the_page_run(tmp_path: Path, home: Path, cluster: Cluster) -> None:
    """Oracle: each Python block names its file in its first line; each study names that file, and has a best trial."""
    studies = []
    for language, text in _blocks("docs/trainables.md"):
        if language == "python":
            (tmp_path / text.split()[1].rstrip(",")).write_text(text, encoding="utf-8")
        elif language == "yaml":
            path = tmp_path / f"{yaml.safe_load(text)['name']}.yaml"
            path.write_text(text, encoding="utf-8")
            studies.append(path)
    assert len(studies) == 2
    for path in studies:
        result = run(load_study(path), home=home, cluster=cluster)
        assert result.ok, [search.error for search in result.searches]


def test_the_study_of_the_readme_is_valid_and_its_commands_exist(tmp_path: Path) -> None:
    """Oracle: the study loads; every `tuner VERB` of the page is a verb of the command line."""
    from tuner.cli.main import VERBS

    (text,) = [text for language, text in _blocks("README.md") if language == "yaml"]
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    assert load_study(tmp_path / "study.yaml").name == "two_losses"
    verbs = set(
        re.findall(r"(?:`|^)tuner ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert verbs <= set(VERBS)
    assert {"run", "validate", "plan", "best", "trials", "ui"} <= verbs
