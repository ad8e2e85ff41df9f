"""A running cluster of two nodes on loopback, as somebody else would have started it; not a test."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from ports import lasting_port

NODE = Path(__file__).with_name("loopback_node.py")
ROOT = Path(__file__).parents[2]
STARTED = "Ray runtime started"


def clean_environment(token_file):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_file),
        "RAY_worker_niceness": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9",
    }


class Running:
    """Two nodes that were started by `ray start`: the head with one CPU, the other with `n_cpus`."""

    def __init__(self, folder, *, n_cpus=2):
        self.port, self.dashboard_port = lasting_port(), lasting_port()
        self.address = f"127.0.0.1:{self.port}"
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
        self.environment = clean_environment(token)
        self.folder = folder
        common = ("--node-ip-address=127.0.0.1", "--object-store-memory=80000000", "--disable-usage-stats", "--block")
        head = (f"--port={self.port}", f"--dashboard-port={self.dashboard_port}", f"--temp-dir={folder / 's'}")
        self.nodes = []
        try:
            self._start("--head", "--dashboard-host=127.0.0.1", "--num-cpus=1", *head, *common)
            self._start(f"--address={self.address}", f"--num-cpus={n_cpus}", *common)
        except BaseException:
            self.close()
            raise

    def _start(self, *arguments):
        # The agent's port is 52365 unless told otherwise: one node a machine could have it.
        arguments = (*arguments, f"--dashboard-agent-listen-port={lasting_port()}")
        log = self.folder / f"node{len(self.nodes)}.log"
        with log.open("w") as file:
            command = [sys.executable, NODE, *arguments]
            self.nodes.append(subprocess.Popen(command, env=self.environment, stdout=file, stderr=subprocess.STDOUT))
        deadline = time.monotonic() + 90
        while STARTED not in log.read_text():
            assert self.nodes[-1].poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)

    def driver(self, code, **environment):
        command = [sys.executable, "-c", code]
        environment = {**self.environment, "RAY_ADDRESS": self.address, **environment}
        return subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False)

    def launcher(self):
        file = self.folder / "launcher.yaml"
        submit = {"address": f"http://127.0.0.1:{self.dashboard_port}", "python": sys.executable, "entrypoint": ["-c"]}
        file.write_text(json.dumps({"submit": {**submit, "env": {"GREETING": "good day"}}}))
        return file

    def close(self):
        for node in reversed(self.nodes):
            node.terminate()
        for node in self.nodes:
            node.wait(timeout=30)
