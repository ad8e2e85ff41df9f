"""From YAML text to a study: YAML 1.2's scalars, lines, overrides, and every mistake at once with its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import InputError
from tuner.load import MAX_BYTES, inspect, load_study
from tuner.yaml_lines import MAX_NODES, parse_yaml

Write = Callable[..., Path]
STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("**/*.yaml"))


def messages(path: Path, *overrides: str) -> list[str]:
    """Every problem as a person reads it, the folder cut off."""
    study, problems = inspect(path, overrides=overrides)
    assert (study is None) == bool(problems)
    return [problem.format().replace(f"{path.parent}/", "") for problem in problems]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_every_study_file_is_valid(path: Path) -> None:
    assert messages(path) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.0e+3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-3", -3),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("-.inf", -math.inf),
        ("true", True),
        ("Null", None),
        ("~", None),
        ("on", "on"),
        ("no", "no"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2001-01-01", "2001-01-01"),
        ("'3'", "3"),
        ("!!str 3", "3"),
        ("=", "="),
    ],
)
def test_scalars_are_read_as_yaml_1_2_does(text: str, value: Any) -> None:
    """Oracle: the core schema of YAML 1.2 (section 10.3), by hand."""
    document = parse_yaml(f"x: {text}")
    assert document.problems == []
    assert document.data == {"x": value}
    assert type(document.data["x"]) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "3: a: stands twice; it is first given in line 1"),
        ("a: {b: 1, b: 2}", "1: a.b: stands twice"),
        ("a: .nan", "1: a: must not be NaN"),
        ("a:\n - 1e999", "2: a.0: is too large for a number"),
        (f"a: {'9' * 6000}", "1: a: is too large for a number"),
        ("a: !!python/object/apply:os.system [ls]", "1: a: has the tag tag:yaml.org,2002:python/object/apply"),
        ("a: !mine x", "1: a: has the tag !mine"),
        ("a: &x [*x]", "is nested more than 50 levels deep"),
        ("[" * 5000, "is nested more than 50 levels deep"),
        ("x: &a {l: 1}\ny:\n  <<: *a", "3: y: has a merge key"),
        ("? [a]\n: 1", "1: has a key that is not a name"),
        ("a: *b", "1: is not YAML: found undefined alias 'b'"),
        ("a: [1\nb: 2", "2: is not YAML"),
        ("a: 1\n---\nb: 2", "2: is not YAML: expected a single document"),
        ("a: 1\nb: \x01", "2: is not YAML: the character '\\x01' is not allowed"),
    ],
)
def test_what_is_no_plain_yaml_is_told_with_its_line(text: str, message: str) -> None:
    problem = parse_yaml(text).problems[0]
    line = "" if problem.line is None else f"{problem.line}: "
    assert (line + problem.format()).startswith(message)


def test_aliases_are_expanded_up_to_a_limit() -> None:
    """Five levels of ten aliases are 10**5 values out of 300 characters."""
    assert parse_yaml("a: &x [1, 2]\nb: *x").data == {"a": [1, 2], "b": [1, 2]}
    lines = ["a0: &a0 [0,0,0,0,0,0,0,0,0,0]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 6)]
    problem = parse_yaml("\n".join(lines)).problems[0]
    assert problem.rule == f"has more than {MAX_NODES:,} values once its aliases are expanded"


def test_a_valid_study_loads_with_its_text(study_file: Write) -> None:
    path = study_file()
    study = load_study(path)
    assert study.name == "tiny"
    assert study.space["lr"] == {"loguniform": [1e-4, 1e-2]}
    assert study.source == path.read_text(encoding="utf-8")
    changed = load_study(path, overrides=["search.trials=2"])
    assert changed.source == "# --set search.trials=2\n" + study.source


def test_every_mistake_is_reported_at_once_with_its_line(study_file: Write) -> None:
    path = study_file(
        "trials: 4", "trials: 0",
        "grace_period: 3", "grace_periods: 3",
        "lr: 1e-3", "lrr: 5",
        "backbone: mlp", "backbone: mpl",
        "loguniform: [1e-4, 1e-2]", "loguniform: [1e-4, 1e-2], when: {los: cosine}",
        "name: tiny", "name: tiny\nreport: {tabels: []}\ndevise: cpu",
    )  # fmt: skip
    found = messages(path)
    assert [message.split(" ")[0] for message in found] == [f"study.yaml:{line}:" for line in (2, 3, 8, 12, 15, 19, 22)]
    assert "report.tabels: is not a key here, but got 'tabels'; did you mean tables?" in found[0]
    assert "did you mean device?" in found[1]
    assert "space.lr.when.los: must be a factor of the grid" in found[2]
    assert "did you mean mlp?" in found[3]
    assert "did you mean lr?" in found[4]
    assert found[5] == "study.yaml:19: search.trials: must be at least 1, but got 0"
    assert "did you mean grace_period?" in found[6]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("trainable: moving_targets", "trainable: moving_target", "2: trainable: must be a name from trainables"),
        ("trainable: moving_targets", "trainable: no.such:Thing", "2: trainable: module no"),
        ("trainable: moving_targets", "trainable: mine.py:Mine", "2: trainable: file"),
        ("[euclidean, cosine, push_pull]", "[euclidean, cosin, push_pull]", "4: grid.loss.1: must be a name from"),
        ("loss: push_pull}", "loss: push_pul}", "7: space.r.when.loss: is a value that loss never takes"),
        (", when: {loss: push_pull}", "", "7: space.r: is not a parameter of euclidean, cosine; give it `when: {loss:"),
        ("  r: {constant: 0.95, when: {loss: push_pull}}\n", "", "4: grid.loss.2: r must be given"),
        ("lr: {loguniform: [1e-4, 1e-2]}", "lr: {loguniform: [1e-2, 1e-4]}", "6: space.lr.loguniform: `low < high`"),
        ("lr: {loguniform: [1e-4, 1e-2]}", "lr: {logunifrom: [1, 2]}", "6: space.lr.logunifrom: must name a domain"),
        ("lr: {loguniform: [1e-4, 1e-2]}", "lr: {uniform: [-1, 1]}", "6: space.lr: must be above 0"),
        ("  lr: {loguniform", "  extends: moving_target\n  lr: {loguniform", "6: space.extends: must name a preset"),
        ("embedding_dim: 16", "embedding_dim: 1.5", "11: fixed.embedding_dim: must be an int"),
        ("embedding_dim: 16", "embeding_dim: 16", "11: fixed.embeding_dim: must be a known option"),
        ("embedding_dim: 16", "embedding_dim: 16\n  lr: 0.1", "6: space.lr: stands in fixed as well"),
        ("embedding_dim: 16", "embedding_dim: 16\n  loss: cosine", "12: fixed.loss: stands in grid as well"),
        ("{lr: 1e-3}", "{lr: 1}", "13: start_with.0.lr: must lie in [0.0001, 0.01], but got 1"),
        ("{lr: 1e-3}", "{loss: cosine}", "13: start_with.0.loss: is set by grid"),
        ("{lr: 1e-3}", "{lrr: 1}", "13: start_with.0.lrr: is not a searched parameter, but got 'lrr'; did"),
        ("{lr: 1e-3}", "{r: 2}", "13: start_with.0.r: must be 0.95"),
        ("grace_period: 3", "grace_period: 10", "20: search.scheduler.asha.grace_period: must be at most search"),
        ("searcher: hyperopt", "searcher: grid", "6: space.lr: must be a choice, a constant or an int"),
        ("searcher: hyperopt", "searcher: no.such:Searcher", "19: search.searcher: module no"),
        ("scheduler: {asha: {grace_period: 3}}", "scheduler: pbt", "14: search.max_concurrent: must be at least 2"),
        ("  mode: max", "  mode: max\n  out_of_memory: {halve: batch}", "17: search.out_of_memory.halve: must be in"),
        ("  mode: max", "  mode: max\n  out_of_memory: {halve: lr}", "17: search.out_of_memory.halve: must be a"),
        ("  mode: max", "  mode: max\n  out_of_memory: {halve: loss}", "17: search.out_of_memory.halve: must be a"),
        ("metric: val/accuracy", "metric: test/accuracy", "15: search.metric: is measured on test data"),
        ("name: tiny", "name: tiny\nprotocol: {select_on: test}", "2: protocol.select_on: test needs"),
        ("name: tiny", "name: tiny\ndevice: cuda", "2: device: cuda needs a share of a GPU"),
        ("name: tiny", "name: tiny\ncluster: nowhere.yaml", "2: cluster: must be local, auto or a launcher file"),
        ("name: tiny", "name: tiny\ncluster: ray://x:10001", "2: cluster: must be local, auto"),
        ("name: tiny", "name: tiny\nreport: {figures: [los]}", "2: report.figures.0: is not a figure, but got 'los'"),
        ("name: tiny", "name: tiny\nreport: {compare_with: x}", "2: report.compare_with: must be a work whose"),
        ("name: tiny", "name: tiny\nreport: {compare_with: x.yaml}", "2: report.compare_with: must be a file that"),
    ],
)  # fmt: skip
def test_a_cross_check_is_told_with_line_and_place(study_file: Write, old: str, new: str, expected: str) -> None:
    found = messages(study_file(old, new))
    assert any(message.startswith(f"study.yaml:{expected}") for message in found), found


def test_both_extremes_of_a_domain_are_checked_in_every_cell(study_file: Write) -> None:
    path = study_file(
        "  embedding_dim: 16\n", "", "  r: {constant", "  embedding_dim: {int: [4, 100000]}\n  r: {constant"
    )
    assert messages(path) == ["study.yaml:7: space.embedding_dim: must be at least 1 and at most 65536, but got 100000"]


def test_a_searched_loss_is_checked_with_its_own_children(study_file: Write) -> None:
    """The loss is a choice of the space; `r` belongs to two of its options and misses in one of them."""
    path = study_file(
        "grid:\n  loss: [euclidean, cosine, push_pull]\n", "",
        "  r: {constant: 0.95, when: {loss: push_pull}}",
        "  loss: {choice: [cosine, push_pull, class_proximity]}\n  r: {uniform: [0, 1], when: {loss: push_pull}}",
    )  # fmt: skip
    found = messages(path)
    assert len(found) == 1
    assert "space.r: must be given (needed by loss=class_proximity)" in found[0]


def test_a_start_point_must_say_which_branch_it_means(study_file: Write) -> None:
    path = study_file(
        "grid:\n  loss: [euclidean, cosine, push_pull]\n", "",
        "  r: {constant: 0.95, when: {loss: push_pull}}",
        "  loss: {choice: [push_pull, class_proximity]}\n"
        "  r: [{uniform: [0, 1], when: {loss: push_pull}}, {loguniform: [1e3, 1e6], when: {loss: class_proximity}}]",
        "{lr: 1e-3}", "{r: 1e4}",
    )  # fmt: skip
    found = messages(path)
    assert len(found) == 1
    assert found[0].endswith("in one of its branches: give the point a value of loss as well, but got 10000.0")
    path.write_text(path.read_text().replace("{r: 1e4}", "{r: 1e4, loss: class_proximity}"))
    assert messages(path) == []


def test_a_preset_s_entry_can_be_removed_and_clashes_are_told(study_file: Write) -> None:
    path = study_file("  lr: {loguniform: [1e-4, 1e-2]}\n", "  extends: moving_targets\n")
    assert messages(path) == [
        "study.yaml:11: fixed.embedding_dim: is searched by the preset moving_targets: write `embedding_dim: null` "
        "under space to remove it there"
    ]
    path.write_text(
        path.read_text().replace("extends: moving_targets", "extends: moving_targets\n  embedding_dim: null")
    )
    assert messages(path) == []


def test_a_trainable_beside_the_study_is_found_and_not_imported(study_file: Write, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise RuntimeError('imported')\nclass Mine: ...\n")
    study = load_study(study_file("trainable: moving_targets", "trainable: mine.py:Mine"))
    assert study.trainable == f"{tmp_path / 'mine.py'}:Mine"
    found = messages(study_file("trainable: moving_targets", "trainable: mine.py:Mien"))
    assert "must define Mien" in found[0]


def test_a_dotted_trainable_s_package_is_not_imported(
    study_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "a_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "module.py").write_text("def train(config): ...")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_study(study_file("trainable: moving_targets", "trainable: a_package.module:train")).name == "tiny"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "x.yaml: is empty"),
        (b"- 1", "x.yaml: must be a mapping with the keys of a study"),
        (b"name: \xff", "x.yaml: is not UTF-8 text (byte 6)"),
        (b"a" * (MAX_BYTES + 1), "x.yaml: is larger than 1,000,000 bytes, which no study is, but got 1000001"),
    ],
)
def test_files_that_are_no_studies(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    assert messages(path) == [expected]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("")
    assert messages(tmp_path / "studdy.yaml")[0].startswith("studdy.yaml: is not there; ")
    assert messages(tmp_path)[0].endswith("is a folder, not a study file")
    with pytest.raises(InputError, match="is not there"):
        load_study(tmp_path / "nowhere" / "x.yaml")


def test_a_byte_order_mark_and_windows_lines_are_read(study_file: Write) -> None:
    path = study_file()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_study(path).name == "tiny"


@pytest.mark.parametrize(
    "address",
    ["postgresql://reader:S3cr3t@db/x", '"postgresql:\\u002f\\u002freader:S3cr3t@db/x"'],
    ids=["plain", "escaped"],
)
def test_a_password_is_not_in_the_text_that_is_kept(study_file: Write, address: str) -> None:
    """Also where the file writes the address so that it is not seen in it; the study itself has it."""
    path = study_file("search:\n", f"tracking: {{uri: {address}}}\nsearch:\n")
    for study in (load_study(path), load_study(path, overrides=["tracking.uri=mysql://reader:S3cr3t@db/x"])):
        assert "S3cr3t" not in study.source
        assert "://***@db/x" in study.source
        assert study.tracking.uri is not None
        assert "reader:S3cr3t@db" in study.tracking.uri
