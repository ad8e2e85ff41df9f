"""What tests of every package may use."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from hypothesis import settings

# The same examples on every run: what lands must not depend on a draw.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

sys.path.insert(0, str(Path(__file__).parent))  # for ports.py

# Ray starts its processes with niceness 15: beside other work a test would wait for minutes.
os.environ.setdefault("RAY_worker_niceness", "0")
os.environ.pop("FORCE_COLOR", None)  # rich would take a pipe for a terminal

# Ray decides at import whether it listens on loopback only, and some tests import it before a cluster starts.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"

# A shell's background job ignores SIGINT and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

STUDY = """\
name: tiny
trainable: moving_targets
grid:
  loss: [euclidean, cosine, push_pull]
space:
  lr: {loguniform: [1e-4, 1e-2]}
  r: {constant: 0.95, when: {loss: push_pull}}
fixed:
  dataset: digits
  backbone: mlp
  embedding_dim: 16
start_with:
  - {lr: 1e-3}
search:
  metric: val/accuracy
  mode: max
  trials: 4
  budget: {key: epoch, max: 9}
  searcher: hyperopt
  scheduler: {asha: {grace_period: 3}}
  stoppers: [{trial_plateau: {patience: 4}}, {time_budget: 4h}]
"""


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets that TUNER_DATA names; without it the test is skipped."""
    folder = os.environ.get("TUNER_DATA")
    if not folder:
        pytest.skip("needs real data sets: set TUNER_DATA to their folder")
    if not Path(folder).is_dir():
        pytest.fail(f"TUNER_DATA must be a folder, but got {folder}")
    return Path(folder).resolve()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(n_bytes)`: the folder of a file system of that size, in memory; skipped where none may be mounted."""
    mounted: list[Path] = []

    def mount(n_bytes: int) -> Path:
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            pytest.skip("mounting a small file system needs Linux and root")
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={n_bytes},mode=0755", "tmpfs", str(folder)]
        done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def study_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a study and return its path: `study_file(old, new, ...)` is a small valid one with texts replaced."""

    def write(*replacements: str, text: str = STUDY, name: str = "study.yaml") -> Path:
        for old, new in zip(replacements[::2], replacements[1::2], strict=True):
            if text.count(old) != 1:
                raise ValueError(f"{old!r} must stand once in the study")
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


class Listener(NamedTuple):
    """A TCP socket that waits for connections."""

    address: str
    port: int
    process: str


class Sockets:
    """The network sockets of a process and all that it started, as the kernel has them."""

    def listening(self, pid: int) -> list[Listener]:
        """Every port that is open. An IPv4 address that is written as IPv6 is given as IPv4."""
        return [
            Listener(entry.laddr.ip.removeprefix("::ffff:"), entry.laddr.port, name)
            for name, entry in self._all(pid)
            if entry.status == psutil.CONN_LISTEN
        ]

    def remote(self, pid: int) -> set[str]:
        """The addresses of other machines at the other ends; empty while all talk to this machine alone."""
        ends = {entry.raddr.ip.removeprefix("::ffff:") for _, entry in self._all(pid) if entry.raddr}
        return {end for end in ends if not end.startswith("127.") and end not in ("::1", "0.0.0.0", "::")}  # noqa: S104  (compared, not bound)

    def outside(self) -> str:
        """An address of this machine that other machines know it by; without one the test is skipped."""
        for entries in psutil.net_if_addrs().values():
            for entry in entries:
                if entry.family == socket.AF_INET and not entry.address.startswith("127."):
                    return str(entry.address)
        pytest.skip("this machine has the loopback interface alone")

    def reachable(self, port: int) -> bool:
        """Whether a connection to this machine's outside address is taken."""
        try:
            socket.create_connection((self.outside(), port), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True

    def _all(self, pid: int) -> list[tuple[str, psutil._common.pconn]]:
        top = psutil.Process(pid)
        found = []
        for process in [top, *top.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                name = " ".join(process.cmdline()) or process.name()
                found += [(name, entry) for entry in process.net_connections(kind="inet")]
        return found


@pytest.fixture(scope="session")
def sockets() -> Sockets:
    """The kernel's list of sockets, and a probe from this machine's outside address."""
    return Sockets()
