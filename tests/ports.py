"""Ports for servers that tests start: free, and given by the kernel to nobody who asks for any."""

import random
import socket
from contextlib import suppress

_given: set[int] = set()


def lasting_port() -> int:
    """A free port, another one each time: still free after a restart of whoever uses it, and open to browsers.

    The kernel hands out 32768 to 60999, Ray's workers take 10002 to 19999, Chromium refuses some below 11000.
    """
    for port in random.sample(range(20_000, 30_000), 200):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
    raise RuntimeError("no free port among 20000 to 29999")
