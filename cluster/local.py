"""A cluster of our own on this machine: loopback only, token, no reports to anyone, gone when it is closed."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster.connect import Cluster
from cluster.environment import LOOPBACK, prepare_environment, temporary_directory, token_path
from cluster.errors import ClusterError
from cluster.processes import end, terminate, watched_start
from cluster.sessions import remove_old_sessions

_log = logging.getLogger(__name__)

# Trials map their data from disk and report a few numbers; what does not fit is spilled to disk by Ray.
OBJECT_STORE_BYTES = 256 * 1024**2
SESSIONS_KEPT = 3
_ATTEMPTS = 2  # a raylet gives up when its agent takes more than 15 s to start, as it may on a busy machine
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def start_local(home: Path, *, n_cpus: int | None, preload: Sequence[str]) -> Cluster:
    """Start Ray on loopback. See `connect.start` for the arguments and errors."""
    if n_cpus is not None and n_cpus < 1:
        raise ClusterError(f"n_cpus must be at least 1, but got {n_cpus}")
    for module in preload:
        if not _MODULE.fullmatch(module):
            raise ClusterError(f"a module to preload must be a dotted name, but got {module!r}")
    prepare_environment(home)
    directory = temporary_directory(home)
    remove_old_sessions(directory, keep=SESSIONS_KEPT)
    import ray

    if ray.is_initialized():
        raise ClusterError("this process already has a Ray connection: call ray.shutdown() first")
    for attempt in range(1, _ATTEMPTS + 1):
        with watched_start(directory.parent) as started:
            try:
                context = _init(directory, n_cpus, preload)
                break
            except Exception as error:  # Ray raises bare Exceptions here
                ray.shutdown()
                terminate(started)
                if attempt == _ATTEMPTS:
                    logs = directory / "session_latest" / "logs"
                    raise ClusterError(f"Ray did not start: {error} (its logs: {logs})") from error
            except BaseException:
                terminate(started)
                raise
    _log_raylet_messages()
    url = f"http://{context.dashboard_url}" if context.dashboard_url else None
    return Cluster(dashboard_url=url, token_path=token_path(home), is_local=True)


def _init(directory: Path, n_cpus: int | None, preload: Sequence[str]) -> Any:
    import ray

    return ray.init(
        address="local",
        num_cpus=n_cpus,
        object_store_memory=OBJECT_STORE_BYTES,
        include_dashboard=True,
        dashboard_host=LOOPBACK,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _temp_dir=str(directory),
        _system_config={
            # Ray's prestarted processes fit no actor of Tune: they only slow the start. See warm.py.
            "enable_worker_prestart": False,
            "prestart_worker_first_driver": False,
            "preload_python_modules": list(preload),
        },
    )


def _log_raylet_messages() -> None:
    """Send the raylet's messages to the log: Ray prints them on stdout, `log_to_driver` or not, over any table there.

    What they tell (a worker died) reaches the caller as its task's error anyway.
    """
    from ray._private import worker

    def log(data: dict[str, Any], *_: Any, **__: Any) -> None:
        for line in data["lines"]:
            _log.info("%s: %s", data["pid"], line)

    worker.print_to_stdstream = log


def stop_local() -> None:
    """End a local cluster and wait until its processes are gone; `ray.shutdown` alone does not wait."""
    import ray

    started = [process for processes in local_processes().values() for process in processes]
    ray.shutdown()
    end(started)


def kill_local() -> None:
    """End what is left of a local cluster whose head has died, without asking Ray."""
    terminate([process for processes in local_processes().values() for process in processes])


def local_processes() -> dict[str, list[subprocess.Popen[bytes]]]:
    """The processes of this process's own cluster by what they are: "raylet", "gcs_server" ..."""
    from ray._private import worker

    node: Any = worker._global_node
    if node is None:
        return {}
    return {kind: [info.process for info in infos] for kind, infos in node.all_processes.items()}
