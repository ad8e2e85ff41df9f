"""Whether the head of the cluster still lives: without it nothing can be started, and soon nothing runs."""

from __future__ import annotations

import socket

_KNOCK_WITHIN_S = 5.0
_SERVERS = ("gcs_server", "raylet")


def head_lost(*, is_local: bool) -> str | None:
    """What says that the head has ended, None while it lives. Needs a connection (`ray.init`)."""
    return _local_lost() if is_local else _remote_lost()


def _local_lost() -> str | None:
    """A local cluster is its servers: its own processes, which are looked at without a word to them."""
    from cluster.local import local_processes

    for kind in _SERVERS:
        for process in local_processes().get(kind, []):
            if (status := process.poll()) is not None:
                return f"Ray's {kind} (process {process.pid}) has ended with status {status}"
    return None


def _remote_lost() -> str | None:
    """Knock at the head's port. A head that is only slow takes its time to answer; one that is gone refuses."""
    import ray

    address = ray.get_runtime_context().gcs_address
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_WITHIN_S).close()
    except TimeoutError:
        return None
    except OSError as error:
        return f"Ray's head at {address} does not answer: {error}"
    return None
