"""Ctrl-C and SIGTERM: the first asks for an orderly stop, the second leaves at once; both can be resumed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_INTERRUPTED = 130
_STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_signals(ask: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Call `ask` on the first signal within the block. Outside the main thread signals are somebody else's.

    Yields a function that takes the signals back from a library that has helped itself to them meanwhile: `ray.init`
    gives SIGTERM to a handler of its own, which prints a stack of addresses and ends the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    asked = False

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(EXIT_INTERRUPTED)  # the ledger is on the disk, event by event
        asked = True
        ask()

    def take() -> None:
        for number in _STOPPING:
            signal.signal(number, handle)

    before = {number: signal.getsignal(number) for number in _STOPPING}
    take()
    try:
        yield take
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
