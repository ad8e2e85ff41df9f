"""Submit a command as a Ray job, follow its log, bring back its exit status."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from cluster.errors import ClusterError
from cluster.launcher import Launcher, load_launcher

EXIT_FAILED = 1
EXIT_STOPPED = 130
_POLL_S = 0.5
_AGENT_WITHIN_S = 30.0
_NOT_YET = "No available agent to submit job"


def submit(launcher: Launcher | Path, argv: Sequence[str], *, out: TextIO | None = None) -> int:
    """Run `python *entrypoint *argv` on the cluster, write its output to `out` (stdout) and wait for its end.

    Returns the command's own exit status; 1 if Ray could not run it, 130 if the job was stopped. An interrupt
    (KeyboardInterrupt) stops the job before it goes on to the caller. The token is taken from the environment.
    Raises LauncherError for a bad file, ClusterError when the cluster refuses or does not answer.
    """
    out = out if out is not None else sys.stdout
    launcher = load_launcher(launcher) if isinstance(launcher, Path) else launcher
    client = _client(launcher.address)
    job = _submit(client, launcher, shlex.join([launcher.python, *launcher.entrypoint, *argv]))
    try:
        asyncio.run(_follow(client, job, out))
        return _exit_status(client, job)
    except KeyboardInterrupt:
        with suppress(RuntimeError):
            client.stop_job(job)
        raise


def _client(address: str) -> Any:
    from ray.job_submission import JobSubmissionClient

    try:
        return JobSubmissionClient(address)
    except ConnectionError as error:
        raise ClusterError(f"no dashboard answers at {address}: {error}") from error
    except RuntimeError as error:
        raise ClusterError(
            f"the dashboard at {address} refused: {error} (set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to its file)"
        ) from error


def _submit(client: Any, launcher: Launcher, entrypoint: str) -> str:
    deadline = time.monotonic() + _AGENT_WITHIN_S
    while True:
        try:
            job: str = client.submit_job(
                entrypoint=entrypoint, runtime_env=_runtime_env(launcher), entrypoint_num_cpus=launcher.cpus
            )
        except (RuntimeError, ValueError) as error:
            # A cluster that has just started answers before it can take jobs.
            if _NOT_YET in str(error) and time.monotonic() < deadline:
                time.sleep(_POLL_S)
                continue
            raise ClusterError(f"the cluster at {launcher.address} refused the job: {error}") from error
        return job


def _runtime_env(launcher: Launcher) -> dict[str, Any]:
    environment: dict[str, Any] = {"env_vars": dict(launcher.env)}
    if launcher.working_dir is not None:
        environment["working_dir"] = str(launcher.working_dir)
        environment["excludes"] = list(launcher.excludes)
    return environment


async def _follow(client: Any, job: str, out: TextIO) -> None:
    try:
        async for lines in client.tail_job_logs(job):
            out.write(lines)
            out.flush()
    except RuntimeError as error:  # the log's connection broke; the job itself may well go on
        out.write(f"(the log of {job} broke off: {error})\n")


def _exit_status(client: Any, job: str) -> int:
    from ray.job_submission import JobStatus

    while not (info := client.get_job_info(job)).status.is_terminal():
        time.sleep(_POLL_S)
    if info.status == JobStatus.SUCCEEDED:
        return 0
    if info.status == JobStatus.STOPPED:
        return EXIT_STOPPED
    return info.driver_exit_code or EXIT_FAILED
