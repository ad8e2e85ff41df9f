"""The pages on study files and on the command line say what the code does."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from typer.testing import CliRunner

from tuner.cli.main import VERBS, app
from tuner.load import inspect
from tuner.options.plugin import PLUGINS
from tuner.study import Study
from tuner.yaml_lines import parse_yaml

DOCS = Path(__file__).parents[2] / "docs"
STUDY_PAGE = (DOCS / "study.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", STUDY_PAGE, flags=re.DOTALL)
COMMANDS = re.findall(r"```sh\n(.*?)```", (DOCS / "cli.md").read_text(encoding="utf-8"), flags=re.DOTALL)

Write = Callable[..., Path]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_every_yaml_example_is_valid(example: str, tmp_path: Path) -> None:
    """A fragment takes the place of the same keys in the page's first, complete example."""
    fragment = parse_yaml(example).data
    study = {**parse_yaml(EXAMPLES[0]).data, **fragment}
    if fragment.keys() != study.keys() and "space" in fragment:
        study["start_with"] = []
        study["grid"] = {name: values for name, values in study["grid"].items() if name not in study["space"]}
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    assert [problem.format() for problem in inspect(path)[1]] == []


def test_every_key_and_option_is_documented() -> None:
    def keys(model: Any) -> Iterator[str]:
        for name, info in model.model_fields.items():
            yield info.alias or name
            for part in (info.annotation, *get_args(info.annotation)):
                if hasattr(part, "model_fields"):
                    yield from keys(part)

    words = set(re.findall(r"[a-z_]+", STUDY_PAGE))
    assert set(keys(Study)) <= words
    for catalogue in PLUGINS.values():
        for name, options in catalogue.items():
            assert {name, *options.model_fields} <= words, name


def test_defaults_of_plugins_are_documented() -> None:
    """Each `option: default` of the tables is the model's."""
    for kind in ("searcher", "scheduler"):
        for name, model in PLUGINS[kind].items():
            row = next((line for line in STUDY_PAGE.splitlines() if line.startswith(f"| `{name}` |")), "")
            for option, info in model.model_fields.items():
                assert f"`{option}: {json.dumps(info.default)}`" in row, (name, option)


def test_every_verb_has_a_section_and_an_example() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+)$", page, flags=re.MULTILINE) == list(VERBS)
    shown = {shlex.split(line)[1] for block in COMMANDS for line in block.splitlines()}
    assert shown == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_help_has_an_example(verb: str) -> None:
    verbs = [[verb]] if verb != "data" else [["data", name] for name in ("ls", "check", "fetch")]
    for words in verbs:
        done = CliRunner().invoke(app, [*words, "--help"])
        assert done.exit_code == 0
        assert f"Example: tuner {' '.join(words)}" in done.stdout


def leaves(facts: Any) -> Iterator[str]:
    if isinstance(facts, dict):
        for key, value in facts.items():
            yield key
            if key not in FREE:
                yield from leaves(value)
    elif isinstance(facts, list):
        for value in facts:
            yield from leaves(value)


FREE = ("cell", "fixed", "space", "start_with", "searcher", "scheduler", "stoppers", "options")


@pytest.mark.parametrize(
    ("section", "arguments"),
    [
        ("validate", ["validate", "STUDY"]),
        ("plan", ["plan", "STUDY"]),
        ("data ls, data check, data fetch", ["data", "ls"]),
        ("ls", ["ls", "studies"]),
        ("ls", ["ls", "losses"]),
        ("ls", ["ls", "presets"]),
    ],
)
def test_every_json_field_is_documented(section: str, arguments: list[str], study_file: Write) -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    documented = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    path = study_file("trials: 4", "trials: 0" if section == "validate" else "trials: 3")
    arguments = [str(path) if word == "STUDY" else word for word in arguments]
    facts = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert set(leaves(facts)) <= set(re.findall(r"\w+", documented))
