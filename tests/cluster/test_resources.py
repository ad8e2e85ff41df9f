"""What fits where. Oracle: hand-made nodes."""

import pytest

from cluster.connect import ClusterSpec, Demand, Node, UnmeetableDemand, resolve_demand
from cluster.resources import total

SMALL = Node(cpus=2, gpus=0, address="10.0.0.1")
BIG = Node(cpus=8, gpus=1, address="10.0.0.2")


def demand(cpu=1.0, gpu=0.0, if_present=True):
    return Demand(cpu=cpu, gpu=gpu, gpu_if_present=if_present)


@pytest.mark.parametrize(
    ("asked", "nodes", "gpu"),
    [
        (demand(2), [SMALL], 0.0),
        (demand(1, 0.25), [SMALL], 0.0),  # dropped: there is none
        (demand(1, 0.25), [SMALL, BIG], 0.25),  # kept: there is one
        (demand(1, 0.25, if_present=False), [BIG], 0.25),
        (demand(8, 1.0), [SMALL, BIG], 1.0),
    ],
)
def test_a_demand_that_fits_is_resolved(asked, nodes, gpu):
    found = resolve_demand(asked, nodes)
    assert (found.cpu, found.gpu) == (asked.cpu, gpu)


@pytest.mark.parametrize(
    ("asked", "nodes", "words"),
    [
        (demand(3), [SMALL, SMALL], "a trial needs 3 CPU, .* the nodes are: 2 x 2 CPU$"),
        (demand(1, 0.25, if_present=False), [SMALL], r"needs 1 CPU \+ 0.25 GPU, .* are: 2 CPU$"),
        (demand(1, 2.0), [SMALL, BIG], r"needs 1 CPU \+ 2 GPU, .*: 2 CPU, 8 CPU \+ 1 GPU$"),
        # The sum would do, but a trial runs on one node; the GPU must not be dropped where there is one.
        (demand(9, 0.5), [SMALL, BIG], "needs 9 CPU"),
        (demand(1), [], "the nodes are: none"),
    ],
)
def test_a_demand_that_no_node_meets_names_the_nodes(asked, nodes, words):
    with pytest.raises(UnmeetableDemand, match=words):
        resolve_demand(asked, nodes)


def test_the_total_is_the_sum():
    found = total([SMALL, BIG, BIG])
    assert (found.nodes, found.cpus, found.gpus) == (3, 18, 2)


def test_a_spec_is_read_from_a_study(tmp_path):
    assert ClusterSpec.parse("local").kind == "local"
    assert ClusterSpec.parse("auto").kind == "auto"
    spec = ClusterSpec.parse(str(tmp_path / "there.yaml"))
    assert (spec.kind, spec.launcher) == ("launcher", tmp_path / "there.yaml")
