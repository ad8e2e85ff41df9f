"""Freed memory is kept for the next step instead of being given back to the system and faulted in again."""

from __future__ import annotations

import ctypes
import functools
import platform

# glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_LARGEST_BLOCK_BYTES = 2**30  # from this size on a tensor still gets pages of its own, which go back when it dies
_KEPT_BYTES = 2**31 - 1  # mallopt takes an int
_STEP_BYTES = 2**26


@functools.cache
def keep_freed_memory() -> bool:
    """Tell the C library not to return freed blocks to the system; whether it took it. Only glibc has the knobs.

    Every step of a training frees its activations and asks for the same again. By default glibc maps blocks of more
    than some megabytes anew each time, and the kernel fills them with zeros page by page: half of the time of a small
    convolutional network on Fashion-MNIST (800,000 page faults an epoch, 20,000 with this). A process keeps the most
    that it ever needed until it ends. Once per process; later calls do nothing.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    settings = (
        (_M_MMAP_THRESHOLD, _LARGEST_BLOCK_BYTES),
        (_M_TRIM_THRESHOLD, _KEPT_BYTES),
        (_M_TOP_PAD, _STEP_BYTES),
    )
    return all(library.mallopt(knob, value) == 1 for knob, value in settings)
