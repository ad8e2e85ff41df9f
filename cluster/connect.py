"""Where a study runs: a local cluster of its own, or a running one. Light to import: ray is imported by `start`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from cluster.environment import prepare_environment
from cluster.errors import ClusterError, LauncherError, UnmeetableDemand
from cluster.resources import Demand, Node, Total, resolve_demand, total

__all__ = [
    "Cluster", "ClusterError", "ClusterSpec", "Demand", "LauncherError", "Node", "Total", "UnmeetableDemand",
    "prepare_environment", "resolve_demand", "start",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """Which cluster: one of our own on this machine, a running one, or a job submitted by a launcher file."""

    kind: Literal["local", "auto", "launcher"]
    launcher: Path | None = None

    @classmethod
    def parse(cls, text: str) -> ClusterSpec:
        """Read a study's `cluster:`: `local`, `auto`, or the path of a launcher file."""
        if text == "local":
            return cls(kind="local")
        if text == "auto":
            return cls(kind="auto")
        return cls(kind="launcher", launcher=Path(text))


class Cluster:
    """A connection to Ray. A local one ends with `close()`; one that was running before goes on running."""

    def __init__(self, *, dashboard_url: str | None, token_path: Path | None, is_local: bool) -> None:
        self.dashboard_url = dashboard_url
        self.token_path = token_path
        self.is_local = is_local
        self._closed = False

    def nodes(self) -> tuple[Node, ...]:
        """List the machines that are alive now."""
        import ray

        rows: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return tuple(
            Node(
                cpus=float(node["Resources"].get("CPU", 0.0)),
                gpus=float(node["Resources"].get("GPU", 0.0)),
                address=str(node["NodeManagerAddress"]),
            )
            for node in rows
            if node["Alive"]
        )

    def total(self) -> Total:
        """Sum up the machines that are alive now."""
        return total(self.nodes())

    def warm(self, n_workers: int, *, env_vars: Mapping[str, str] | None = None, keep_alive_s: int = 300) -> None:
        """Ask each node to start worker processes ahead of need, and return at once. See `warm.prestart`."""
        from cluster.warm import prestart

        prestart(n_workers, env_vars=env_vars or {}, keep_alive_s=keep_alive_s)

    def login_hint(self) -> str:
        """Say how to log in to the dashboard, and how long it lives."""
        if self.dashboard_url is None:
            return "this cluster has no dashboard"
        if self.token_path is None:
            return f"{self.dashboard_url} asks once for the cluster's token (`ray get-auth-token` prints it)"
        ends = "; it ends with this run" if self.is_local else ""
        return f"{self.dashboard_url} asks once for the token in {self.token_path}{ends}"

    def lost(self) -> str | None:
        """Why nothing can be run here any more: the head has ended; None while it lives. Cheap enough to ask often."""
        from cluster.head import head_lost

        return None if self._closed else head_lost(is_local=self.is_local)

    def abandon(self) -> None:
        """Leave a cluster whose head has ended: end what is left of a local one, and ask Ray nothing more.

        Ray itself would wait a minute for the head, then end this process with a stack of addresses.
        """
        if not self._closed and self.is_local:
            from cluster.local import kill_local

            kill_local()
        self._closed = True

    def close(self) -> None:
        """Disconnect; a local cluster's processes end before this returns. Calling it twice is fine."""
        if self._closed:
            return
        self._closed = True
        if self.is_local:
            from cluster.local import stop_local

            stop_local()
        else:
            import ray

            ray.shutdown()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(spec: ClusterSpec, *, home: Path, n_cpus: int | None = None, preload: Sequence[str] = ()) -> Cluster:
    """Start a local cluster, or connect to a running one. One per process at a time.

    home: the token, and Ray's session and logs, lie in `<home>/ray` (local).
    n_cpus: logical CPUs of a local cluster; None takes all that the process may use.
    preload: modules that every worker process of a local cluster imports while it starts, before it gets work.
    Raises ClusterError with a text for the user.
    """
    if spec.kind == "local":
        from cluster.local import start_local

        return start_local(Path(home), n_cpus=n_cpus, preload=preload)
    if spec.kind == "auto":
        from cluster.running import connect

        return connect()
    raise ClusterError("a launcher file submits the whole command as a job (cluster.launcher.submit); it is not joined")
