"""One Ray instance for all integration tests, and one home in which every study has its own name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from cluster.connect import Cluster, ClusterSpec, start
from tuner import RunResult, load_study, run

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("h")


@pytest.fixture(scope="session")
def cluster(home: Path) -> Iterator[Cluster]:
    """A local cluster of two CPUs that all studies of this session share."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    with start(ClusterSpec(kind="local"), home=home, n_cpus=2) as started:
        yield started


@pytest.fixture
def run_study(tmp_path: Path, home: Path, cluster: Cluster) -> Callable[..., RunResult]:
    """Run a study given as text; the trainables of `toys.py` can be named as `toys.py:Name`."""

    def go(text: str, **options: Any) -> RunResult:
        path = tmp_path / "study.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        (tmp_path / "toys.py").write_text((HERE / "toys.py").read_text(encoding="utf-8"), encoding="utf-8")
        return run(load_study(path, overrides=options.pop("overrides", [])), home=home, cluster=cluster, **options)

    return go
