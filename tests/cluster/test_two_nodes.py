"""A running cluster of two nodes, on loopback: join it, submit jobs to it, leave it running.

Drivers run in processes of their own, as a user's would. Oracles: what was started here (1 + 2 CPUs), exit statuses.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cluster.connect import ClusterError
from cluster.running import running_address

sys.path.insert(0, str(Path(__file__).parent))  # for two_nodes.py

from ports import lasting_port
from two_nodes import Running, clean_environment

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def running():
    folder = Path("/tmp") / f"two{os.getpid()}"  # noqa: S108  (sockets' paths must be short)
    folder.mkdir(mode=0o700)
    try:
        cluster = Running(folder)
        yield cluster
        cluster.close()
        deadline = time.monotonic() + 30
        while left := using(folder):
            assert time.monotonic() < deadline, left
            time.sleep(0.2)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def using(folder):
    """The command lines of processes that name the folder."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            lines.append(file.read_text())
    return [line for line in lines if f"{folder}/s" in line]


JOIN = """
import json, os, time
from pathlib import Path
from cluster.connect import ClusterSpec, start
with start(ClusterSpec(kind="auto"), home=Path("home")) as cluster:
    import ray
    cluster.warm(2, env_vars={"A": "1"})
    here = Path("meeting", str(os.getpid())).absolute()
    here.mkdir(parents=True)
    def where():  # once three run at a time, which takes both nodes
        (here / ray.get_runtime_context().get_task_id()).touch()
        deadline = time.monotonic() + 60
        while len(list(here.iterdir())) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        return ray.get_runtime_context().get_node_id()
    task = ray.remote(where).options(num_cpus=1)
    used = set(ray.get([task.remote() for _ in range(3)]))
    cpus = sorted(node.cpus for node in cluster.nodes())
    print(json.dumps([cpus, len(used), cluster.is_local, cluster.login_hint()]))
"""


def test_it_is_joined_and_outlives_its_guests(running):
    for _ in range(2):
        done = running.driver(JOIN)
        assert done.returncode == 0, done.stderr
        cpus, n_used, is_local, hint = json.loads(done.stdout.splitlines()[-1])
        assert (cpus, n_used, is_local) == ([1.0, 2.0], 2, False)
        assert str(running.dashboard_port) in hint
        assert "ray get-auth-token" in hint
    assert not (running.folder / "home").exists()  # nothing of ours is needed there


def test_a_wrong_token_is_refused_in_words(running, tmp_path):
    wrong = tmp_path / "token"
    wrong.write_text("0" * 64)
    done = running.driver(JOIN, RAY_AUTH_TOKEN_PATH=str(wrong))
    assert done.returncode != 0
    assert "ClusterError" in done.stderr
    assert "token" in done.stderr.splitlines()[-1]


SUBMIT = """
import sys
from pathlib import Path
from cluster.submit import submit
sys.exit(submit(Path({file!r}), [{program!r}, "a b", "$HOME"]))
"""


@pytest.mark.parametrize("status", [0, 3])
def test_a_job_brings_back_its_output_and_its_status(running, status):
    program = f"import os, sys; print(os.environ['GREETING'], sys.argv[1:]); sys.exit({status})"
    done = running.driver(SUBMIT.format(file=str(running.launcher()), program=program))
    assert done.returncode == status, done.stderr
    assert "good day ['a b', '$HOME']" in done.stdout  # arguments arrive whole, no shell reads them


def test_an_interrupt_stops_the_job(running):
    program = f"import time; print('it runs', flush=True); time.sleep(600)  # {running.folder}/s"
    code = SUBMIT.format(file=str(running.launcher()), program=program)
    environment = {**running.environment, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert any("it runs" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert process.returncode != 0
    deadline = time.monotonic() + 30
    while any("time.sleep(600)" in line for line in using(running.folder)):
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "head:port", "head:99999", "http://head:6379"])
def test_other_addresses_are_refused(monkeypatch, address):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ClusterError, match="RAY_ADDRESS must"):
        running_address()


def test_a_cluster_that_is_not_there_is_refused_at_once(tmp_path):
    environment = {**clean_environment(tmp_path / "token"), "RAY_ADDRESS": f"127.0.0.1:{lasting_port()}"}
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", JOIN], env=environment, capture_output=True, text=True, check=False)
    assert "ClusterError: nothing answers at RAY_ADDRESS" in done.stderr
    assert time.monotonic() - began < 10
