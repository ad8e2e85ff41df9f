"""`ray start` for a cluster of several nodes on loopback alone; used by test_two_nodes.py, not a test.

RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 keeps every socket on 127.0.0.1, but also forbids a second node, and Ray
replaces a loopback address by the host's. Both are undone here, after the setting was read.
"""

import sys

from ray._private import ray_constants, services
from ray.scripts.scripts import cli

if __name__ == "__main__":
    ray_constants.ENABLE_RAY_CLUSTER = True
    services.resolve_ip_for_localhost = lambda host: host
    services.get_node_ip_address = lambda address=None: "127.0.0.1"
    sys.exit(cli(["start", *sys.argv[1:]]))
