"""A local cluster: private, quiet, warm, gone when closed. One cluster serves the whole module.

Oracles: the kernel's list of sockets in /proc, the dashboard's HTTP answers, a proxy that counts who comes by.
"""

import contextlib
import os
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from cluster import dashboard
from cluster.connect import ClusterError, ClusterSpec, prepare_environment, start
from cluster.sessions import remove_old_sessions

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads sockets from Linux's /proc"),
]
LOCAL = ClusterSpec(kind="local")
TUNE_ENV = {"PL_DISABLE_FORK": "1"}  # Tune gives its actors a runtime environment like this one
PRELOADED = "xml.dom.minidom"  # a module that Ray does not import by itself


class CountingProxy:
    """Listens on loopback and counts connections. Processes told to use it as a proxy call here, not outside."""

    def __init__(self):
        self.requests = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                with self._server.accept()[0] as connection:
                    self.requests.append(connection.recv(200).split(b"\r\n")[0])

    def close(self):
        self._server.close()


@pytest.fixture
def proxy():
    proxy = CountingProxy()
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """The system's temporary directory, as the cluster's processes see it."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture(scope="module")
def others():
    """Processes of this session that the cluster has nothing to do with."""
    return set(descendants(os.getpid()))


@pytest.fixture(scope="module")
def cluster(home, temporary, others):
    before = dict(os.environ)
    os.environ["TMPDIR"] = str(temporary)
    prepare_environment(home)
    try:
        with start(LOCAL, home=home, n_cpus=2, preload=(PRELOADED,)) as cluster:
            cluster.warm(1, env_vars=TUNE_ENV)
            yield cluster
    finally:
        os.environ.clear()
        os.environ.update(before)


def descendants(pid):
    children = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, todo = [], [pid]
    while todo:
        todo += (new := children.get(todo.pop(), []))
        found += new
    return found


def read(pid, name):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_text()
    return ""


def listening(pid):
    """The addresses on which a process listens, as /proc/net/tcp{,6} writes them (hexadecimal)."""
    inodes = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(str(link.readlink()))
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}


def get(cluster, path, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(cluster.dashboard_url + path, headers=headers)  # noqa: S310  (an address of our own)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  (an address of our own)
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def actor(name):
    """An actor as Tune's are: it has a runtime environment, and a name of its own. Defined here, so sent by value."""
    import ray

    class Trial:
        def __init__(self, name):
            self.name = name

        def __repr__(self):
            return self.name

        def take_over(self, name):
            from cluster import dashboard

            self.name = name
            dashboard.mark(name)

        def facts(self):
            return os.getpid(), PRELOADED in sys.modules, os.environ.get("PL_DISABLE_FORK")

    return ray.remote(Trial).options(num_cpus=1, runtime_env={"env_vars": TUNE_ENV}).remote(name)


def test_it_has_what_was_asked_for(cluster):
    assert cluster.is_local
    assert [(node.cpus, node.address) for node in cluster.nodes()] == [(2.0, "127.0.0.1")]
    assert cluster.total().cpus == 2.0


def test_every_socket_is_on_loopback(cluster):
    pids = [os.getpid(), *descendants(os.getpid())]
    addresses = set().union(*map(listening, pids))
    assert len(pids) > 5
    # 127.0.0.1, and the same mapped into IPv6; 00000000 would be every interface.
    assert addresses
    assert addresses <= {"0100007F", "0000000000000000FFFF00000100007F"}


def test_the_dashboard_wants_the_token(cluster, home):
    token = cluster.token_path.read_text()
    path = "/api/v0/actors?detail=1"
    assert [get(cluster, path), get(cluster, path, "0" * 64), get(cluster, path, token)] == [401, 403, 200]
    assert str(cluster.token_path) in cluster.login_hint()
    assert "ends with this run" in cluster.login_hint()


def test_no_other_user_gets_in(cluster, home):
    assert stat.S_IMODE(cluster.token_path.stat().st_mode) == 0o600
    import ray

    # Ray makes its own directories writable by everybody: one above them must be closed.
    session = Path(ray._private.worker._global_node.get_session_dir_path())
    assert any(stat.S_IMODE(parent.stat().st_mode) == 0o700 for parent in session.parents)


def test_a_warmed_worker_is_used_and_has_imported_the_modules(cluster):
    import ray

    deadline = time.monotonic() + 60
    while not any("ray::IDLE" in read(pid, "cmdline") for pid in descendants(os.getpid())):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    before = descendants(os.getpid())
    trial = actor("study/search/0")
    pid, imported, variable = ray.get(trial.facts.remote())
    ray.kill(trial)
    assert pid in before
    assert (imported, variable) == (True, "1")


def test_trials_are_found_by_name(cluster):
    import ray

    trial = actor("study/search/1")
    token = cluster.token_path.read_text()
    for number in (1, 2, 3):
        ray.get(trial.take_over.remote(f"study/search/{number}"))
    wanted = {f"study/search/{number}" for number in (1, 2, 3)}
    deadline = time.monotonic() + 20
    while not wanted <= set(found := dashboard.marks(cluster.dashboard_url, token)):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert {found[name] for name in wanted} == {trial._actor_id.hex()}
    # Ray keeps the name that the actor had first.
    assert "study/search/1" in dashboard.actors(cluster.dashboard_url, token)
    assert "study/search/3" not in dashboard.actors(cluster.dashboard_url, token)
    ray.kill(trial)


def test_a_second_connection_is_refused(cluster, home):
    with pytest.raises(ClusterError, match="already has a Ray connection"):
        start(LOCAL, home=home)


def test_nobody_outside_is_asked(cluster, proxy, tmp_path):
    """Ray's dashboard looks up its cloud unless its HOME holds a certain file; the control shows that it would."""
    asks = "usage_lib.get_cluster_config_to_report(os.path.expanduser('~/ray_bootstrap_config.yaml'))"
    command = [sys.executable, "-c", f"import os; from ray._common.usage import usage_lib; {asks}"]
    dashboards = [pid for pid in descendants(os.getpid()) if "dashboard/dashboard.py" in read(pid, "cmdline")]
    homes = [line[5:] for line in read(dashboards[0], "environ").split("\0") if line.startswith("HOME=")]
    asked = []
    for home in (homes[0], str(tmp_path)):
        subprocess.run(command, env={**os.environ, "HOME": home, "http_proxy": proxy.url}, check=True)
        asked.append(len(proxy.requests))
    assert asked[0] == 0
    assert asked[1] > 0


def test_the_dashboard_leaves_its_socket_with_its_session(cluster, temporary):
    """Oracle: the folders themselves. Python makes them when the dashboard starts its parts; Ray removes none."""
    import ray

    session = Path(ray.get_runtime_context().worker.node.get_session_dir_path())
    deadline = time.monotonic() + 60
    while not list(session.glob("pymp-*/listener-*")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not list(temporary.iterdir())


def test_closing_leaves_no_process(cluster, others):
    """The module's last test, since it ends the cluster: pytest keeps the order of the file."""
    pids = set(descendants(os.getpid())) - others
    assert len(pids) > 5
    cluster.close()
    cluster.close()
    deadline = time.monotonic() + 20
    while [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(("options", "words"), [({"n_cpus": 0}, "at least 1"), ({"preload": ["a b"]}, "dotted name")])
def test_wrong_arguments_are_refused(tmp_path, options, words):
    with pytest.raises(ClusterError, match=words):
        start(LOCAL, home=tmp_path, **options)


def test_old_sessions_go_and_live_ones_stay(tmp_path):
    dead = 4_194_305  # above Linux's largest process id
    names = [f"session_2026-01-0{day}_00-00-00_000000_{dead}" for day in range(1, 6)]
    alive = f"session_2025-01-01_00-00-00_000000_{os.getpid()}"
    for name in [*names, alive]:
        (tmp_path / name / "logs").mkdir(parents=True)
    (tmp_path / "session_latest").symlink_to(tmp_path / names[-1])
    remove_old_sessions(tmp_path, keep=2)
    assert {path.name for path in tmp_path.iterdir()} == {*names[-2:], alive, "session_latest"}
