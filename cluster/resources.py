"""What a trial needs and what the nodes have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cluster.errors import UnmeetableDemand


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What one trial asks for: CPU cores and GPUs, both may be fractions of one.

    gpu_if_present: run on CPUs alone where the cluster has no GPU at all, instead of failing.
    """

    cpu: float
    gpu: float
    gpu_if_present: bool


@dataclass(frozen=True, kw_only=True)
class Node:
    """One machine of the cluster: its CPU cores, its GPUs, its address."""

    cpus: float
    gpus: float
    address: str


@dataclass(frozen=True, kw_only=True)
class Total:
    """All nodes together."""

    nodes: int
    cpus: float
    gpus: float


def total(nodes: Sequence[Node]) -> Total:
    """Sum up the nodes."""
    return Total(nodes=len(nodes), cpus=sum(node.cpus for node in nodes), gpus=sum(node.gpus for node in nodes))


def resolve_demand(demand: Demand, nodes: Sequence[Node]) -> Demand:
    """Fit a trial's demand to the nodes: the GPU is dropped if it may be and the cluster has none.

    Raises UnmeetableDemand, naming the nodes' sizes, when no single node can hold one trial. Ray itself would
    wait for such a node for ever.
    """
    if demand.gpu_if_present and not any(node.gpus for node in nodes):
        demand = replace(demand, gpu=0.0)
    if any(node.cpus >= demand.cpu and node.gpus >= demand.gpu for node in nodes):
        return demand
    sizes = Counter(_size(node.cpus, node.gpus) for node in nodes)
    present = ", ".join(f"{count} x {size}" if count > 1 else size for size, count in sizes.items()) or "none"
    raise UnmeetableDemand(
        f"a trial needs {_size(demand.cpu, demand.gpu)}, and no node can meet that; the nodes are: {present}"
    )


def _size(cpus: float, gpus: float) -> str:
    return f"{cpus:g} CPU" if gpus == 0 else f"{cpus:g} CPU + {gpus:g} GPU"
