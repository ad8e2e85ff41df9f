"""How Ray's processes are started and ended on this machine, where Ray has no switch for what is needed."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# Each is a process; those of Serve, Train and Data would serve empty pages only.
_DASHBOARD_MODULES = "EventHead,JobHead,MetricsHead,NodeHead,ReportHead,StateHead,UsageStatsHead"
_END_WITHIN_S = 10.0


@contextlib.contextmanager
def watched_start(directory: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """While Ray starts: collect the processes it starts, and start its dashboard quietly.

    Even with usage statistics off the dashboard asks 169.254.169.254, and looks up metadata.google.internal, to
    tell which cloud it runs in, unless it finds ray_bootstrap_config.yaml in the home directory. So its process
    alone gets another HOME below `directory`, with an empty file of that name.

    The dashboard also leaves a folder with a socket in the system's temporary directory, each time: its own is the
    session's folder, which goes with the session.
    """
    from ray._private import ray_constants, services

    home = directory / "dashboard_home"
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "ray_bootstrap_config.yaml").write_text("{}\n")
    original = services.start_ray_process
    started: list[subprocess.Popen[bytes]] = []

    def start_ray_process(command: list[str], process_type: str, *arguments: Any, **options: Any) -> Any:
        if process_type == ray_constants.PROCESS_TYPE_DASHBOARD:
            command = [*command, f"--modules-to-load={_DASHBOARD_MODULES}"]
            session = next(word.partition("=")[2] for word in command if word.startswith("--session-dir="))
            options["env_updates"] = {**(options.get("env_updates") or {}), "HOME": str(home), "TMPDIR": session}
        info = original(command, process_type, *arguments, **options)
        started.append(info.process)
        return info

    services.start_ray_process = start_ray_process
    try:
        yield started
    finally:
        services.start_ray_process = original


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for processes that were told to end; kill those that do not. Reaped, they leave no zombie."""
    for process in processes:
        try:
            process.wait(timeout=_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def terminate(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End processes of a start that failed."""
    for process in processes:
        process.terminate()
    end(processes)
