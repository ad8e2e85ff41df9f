"""Launcher files: what they may say, and every mistake at once. Oracle: the rules written out here."""

from pathlib import Path

import pytest

from cluster.errors import LauncherError
from cluster.launcher import load_launcher

GOOD = """
submit:
  address: http://127.0.0.1:8265/
  python: /opt/tuner/bin/python
  working_dir: .
  excludes: [runs]
  env: {OMP_NUM_THREADS: "1"}
  cpus: 0.5
"""


def written(tmp_path, text):
    file = tmp_path / "launcher.yaml"
    file.write_text(text)
    return file


def violations(tmp_path, text):
    with pytest.raises(LauncherError) as caught:
        load_launcher(written(tmp_path, text))
    return {violation.path: violation for violation in caught.value.violations}


def test_a_good_file_is_read(tmp_path):
    launcher = load_launcher(written(tmp_path, GOOD))
    assert launcher.address == "http://127.0.0.1:8265"
    assert launcher.working_dir == tmp_path.resolve()
    assert launcher.entrypoint == ("-m", "tuner.cli.main")
    assert (dict(launcher.env), launcher.excludes, launcher.cpus) == ({"OMP_NUM_THREADS": "1"}, ("runs",), 0.5)


def test_all_mistakes_come_at_once(tmp_path):
    text = """
submit:
  address: ray://head:10001
  python: python
  workingdir: .
  working_dir: nowhere
  env: {N: 1}
  entrypoint: tuner
  cpus: -1
  insecure: 1
extra: 1
"""
    found = violations(tmp_path, text)
    keys = ("address", "python", "workingdir", "working_dir", "env", "entrypoint", "cpus", "insecure")
    assert set(found) == {("extra",)} | {("submit", key) for key in keys}
    assert "working_dir" in found["submit", "workingdir"].choices
    assert found["submit", "python"].given == "python"


def test_what_is_required_is_named(tmp_path):
    assert set(violations(tmp_path, "submit: {}")) == {("submit", "address"), ("submit", "python")}


@pytest.mark.parametrize(
    ("address", "ok"),
    [
        ("http://127.0.0.1:8265", True),
        ("http://localhost:8265", True),
        ("https://ray.example:443", True),
        ("http://ray.example:8265", False),  # the token would travel unencrypted
        ("http://127.0.0.1", False),
        ("http://user:secret@127.0.0.1:8265", False),
        ("http://127.0.0.1:8265/path", False),
        ("http://127.0.0.1:99999", False),
        ("127.0.0.1:8265", False),
        (8265, False),
    ],
)
def test_the_token_goes_only_where_it_is_safe(tmp_path, address, ok):
    text = f"submit: {{address: {address!r}, python: /usr/bin/python}}"
    if ok:
        assert load_launcher(written(tmp_path, text)).address == address
    else:
        assert ("submit", "address") in violations(tmp_path, text)


def test_an_unsafe_address_can_be_wanted(tmp_path):
    text = "submit: {address: 'http://ray.example:8265', python: /usr/bin/python, insecure: true}"
    assert load_launcher(written(tmp_path, text)).address == "http://ray.example:8265"


@pytest.mark.parametrize("text", ["", "- 1", "submit: 3", "submit: [", "submit: !!python/object:os.system {}"])
def test_what_is_no_launcher_is_refused(tmp_path, text):
    assert () in violations(tmp_path, text)


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(LauncherError, match=r"nowhere\.yaml"):
        load_launcher(tmp_path / "nowhere.yaml")


def test_the_shipped_example_is_good():
    file = Path(__file__).parents[2] / "cluster" / "configs" / "launcher.yaml"
    assert load_launcher(file).python.startswith("/")
