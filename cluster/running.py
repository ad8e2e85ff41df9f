"""A cluster that somebody else started: connect from one of its nodes, never stop it."""

from __future__ import annotations

import logging
import os
import re
import socket
from typing import Any

from cluster.connect import Cluster
from cluster.errors import ClusterError

_REACHED_WITHIN_S = 5.0
_ADDRESS = re.compile(r"(?P<host>[^\s:/]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


def running_address() -> str:
    """Find the running cluster: RAY_ADDRESS (host:port) if set, else `auto`, this machine's.

    Raises ClusterError for another form. `ray://` is refused: the whole search would run on the head node, its
    records included, far from this process.
    """
    address = os.environ.get("RAY_ADDRESS", "").strip() or "auto"
    if address == "auto":
        return address
    if address.startswith("ray://"):
        raise ClusterError(
            f"RAY_ADDRESS must not be a ray:// address, but got {address!r}: run on a node of the cluster "
            "with RAY_ADDRESS=host:port (usually port 6379), or submit a job with a launcher file"
        )
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise ClusterError(f"RAY_ADDRESS must be auto or host:port, but got {address!r}")
    return address


def connect() -> Cluster:
    """Connect to the running cluster with the token as the user's environment has it.

    Raises ClusterError when there is none, it cannot be reached, its token or its versions differ.
    """
    address = running_address()
    if address != "auto":
        _check_reachable(address)
    os.environ.setdefault("RAY_PROFILING", "1")
    import ray
    from ray.exceptions import AuthenticationError, RaySystemError

    if ray.is_initialized():
        raise ClusterError("this process already has a Ray connection: call ray.shutdown() first")
    try:
        context: Any = ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except AuthenticationError as error:
        raise ClusterError(
            f"the cluster at {address} refused the token: set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to its file "
            "(`ray get-auth-token` on the head node prints it)"
        ) from error
    except ConnectionError as error:
        if address == "auto":
            missing = "no running cluster was found: start one with `ray start --head`, or use `cluster: local`"
            raise ClusterError(missing) from error
        raise ClusterError(
            f"something answers at RAY_ADDRESS={address}, but not as Ray does to a friend: check the token "
            "(RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH) and that this is the head's port (usually 6379)"
        ) from error
    except (RuntimeError, RaySystemError, OSError, TimeoutError) as error:
        raise ClusterError(f"the cluster at {address} cannot be joined: {error}") from error
    url = f"http://{context.dashboard_url}" if context.dashboard_url else None
    return Cluster(dashboard_url=url, token_path=None, is_local=False)


def _check_reachable(address: str) -> None:
    """Knock before ray.init, which would wait for a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED_WITHIN_S).close()
    except OSError as error:
        raise ClusterError(f"nothing answers at RAY_ADDRESS={address}: {error}") from error
