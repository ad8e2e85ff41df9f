"""However a local cluster's driver ends, its processes end too. Oracle: /proc."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[2]
DRIVER = """
import time
from pathlib import Path
from cluster.connect import ClusterSpec, start
with start(ClusterSpec(kind="local"), home=Path({home!r}), n_cpus=1):
    print("up", flush=True)
    time.sleep(600)
"""


LINGERING = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")


def session(pid):
    """The processes in the session that this process leads (all of Ray's are), by id, with their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == pid and fields[0] != "Z":
                found[int(entry.name)] = (entry / "cmdline").read_text()
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left(tmp_path, how):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    command = [sys.executable, "-c", DRIVER.format(home=str(tmp_path))]
    environment["PYTHONPATH"] = str(ROOT)
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(command, env=environment, **options) as driver:
        assert driver.stdout.readline() == "up\n", driver.stderr.read()
        assert len(session(driver.pid)) > 3
        driver.send_signal(how)
        driver.wait(timeout=60)
        words = driver.stderr.read()
    deadline = time.monotonic() + 30
    while left := session(driver.pid):
        if how == signal.SIGKILL and all(line.startswith(LINGERING) for line in left.values()):
            break  # these two wait a minute for Ray's dead head, then they go as well
        assert time.monotonic() < deadline, left
        time.sleep(0.2)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert driver.returncode == -how
    if how == signal.SIGINT:
        assert words.rstrip().endswith("KeyboardInterrupt")
