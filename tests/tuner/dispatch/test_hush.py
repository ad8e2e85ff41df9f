"""Searches side by side keep the same libraries quiet."""

from __future__ import annotations

import logging

from tuner.dispatch.hush import Hush


def test_what_was_before_the_first_is_back_after_the_last_whoever_leaves_first() -> None:
    """Oracle: the levels by hand, while both searches run, one does, none does, and a second time."""
    loggers = [logging.getLogger(f"hushed.{name}") for name in ("one", "other")]
    hush = Hush(*(logger.name for logger in loggers), level=logging.CRITICAL)

    def levels() -> list[int]:
        return [logger.level for logger in loggers]

    for before in ([logging.INFO, logging.NOTSET], [logging.ERROR, logging.DEBUG]):
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
        hush.__enter__()
        hush.__enter__()
        assert levels() == [logging.CRITICAL] * 2
        hush.__exit__()
        assert levels() == [logging.CRITICAL] * 2
        hush.__exit__()
        assert levels() == before
