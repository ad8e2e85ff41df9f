"""The environment of a local cluster: private files, short paths, before ray is imported."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster import environment
from cluster.connect import ClusterError
from cluster.environment import make_private, temporary_directory, token_path


def python(code, **env):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return subprocess.run([sys.executable, "-c", code], env=clean | env, capture_output=True, text=True, check=False)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_token_is_private_and_stays(tmp_path):
    environment._ensure_token(token_path(tmp_path))
    token = token_path(tmp_path).read_text()
    assert (mode(token_path(tmp_path)), mode(tmp_path / "ray")) == (0o600, 0o700)
    assert len(bytes.fromhex(token)) == 32
    environment._ensure_token(token_path(tmp_path))
    assert token_path(tmp_path).read_text() == token
    assert sorted(path.name for path in (tmp_path / "ray").iterdir()) == ["token"]


def test_of_many_writers_at_once_the_first_wins(tmp_path):
    path = tmp_path / "token"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: environment._write_once(path, f"{k:064d}"), range(32)))
    assert len(path.read_text()) == 64
    assert list(tmp_path.iterdir()) == [path]


def test_a_token_that_others_can_read_is_refused(tmp_path):
    environment._ensure_token(token_path(tmp_path))
    token_path(tmp_path).chmod(0o644)
    with pytest.raises(ClusterError, match=r"must be readable by its owner alone .* mode 0644"):
        environment._ensure_token(token_path(tmp_path))


def test_preparing_imports_no_ray_and_points_to_our_token(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from cluster.connect import prepare_environment\n"
        f"prepare_environment(Path({str(tmp_path)!r}))\n"
        "print('ray' in sys.modules, os.environ['RAY_AUTH_TOKEN_PATH'], os.environ.get('RAY_AUTH_TOKEN'))"
    )
    done = python(code, RAY_AUTH_TOKEN="the user's own")  # noqa: S106  (made up)
    assert done.stdout.split() == ["False", str(tmp_path / "ray" / "token"), "None"], done.stderr


def test_an_import_of_ray_before_is_refused(tmp_path):
    code = (
        "import sys; from types import SimpleNamespace; from pathlib import Path\n"
        "from cluster.connect import prepare_environment\n"
        "sys.modules['ray._private.ray_constants'] = SimpleNamespace(ENABLE_RAY_CLUSTER=True)\n"
        f"prepare_environment(Path({str(tmp_path)!r}))"
    )
    assert "before anything imports ray" in python(code).stderr


def test_a_short_home_holds_rays_files():
    home = Path("/tmp") / f"t{os.getpid()}"  # noqa: S108  (short, and removed below)
    try:
        assert temporary_directory(home) == home / "ray" / "s"
        assert mode(home / "ray") == 0o700
    finally:
        (home / "ray").rmdir()
        home.rmdir()


def test_a_long_home_gives_way_to_a_private_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(environment.tempfile, "gettempdir", lambda: str(tmp_path / ("x" * 60)))
    home = tmp_path / ("y" * 60)
    found, other = temporary_directory(home), temporary_directory(tmp_path / ("z" * 60))
    try:
        assert found.parent.parent == Path("/tmp")  # noqa: S108  (short, and removed below)
        assert mode(found.parent) == 0o700
        # The longest socket of a session must fit into sockaddr_un: 107 bytes and a null.
        socket = found / "session_2026-12-31_23-59-59_999999_4194304" / "pymp-1a2b3c4d" / "listener-1a2b3c4d"
        assert len(os.fsencode(socket)) <= 107
        assert temporary_directory(home) == found != other
    finally:
        found.parent.rmdir()
        other.parent.rmdir()


def test_a_link_in_the_way_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ClusterError, match="a directory of your own"):
        make_private(tmp_path / "link")


def test_someone_elses_directory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(environment.os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ClusterError, match="someone else's"):
        make_private(tmp_path)
