"""Keeps libraries quiet that would talk on the console."""

from __future__ import annotations

import logging
import threading


class Hush:
    """Holds loggers, which all threads share, at a level while at least one thread is inside; then it is as before."""

    def __init__(self, *names: str, level: int) -> None:
        self._loggers = [logging.getLogger(name) for name in names]
        self._lock, self._inside = threading.Lock(), 0
        self._level, self._before = level, list[int]()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = [logger.level for logger in self._loggers]
                for logger in self._loggers:
                    logger.setLevel(self._level)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                for logger, before in zip(self._loggers, self._before, strict=True):
                    logger.setLevel(before)
