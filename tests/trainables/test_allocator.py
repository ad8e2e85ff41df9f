"""What the allocator does with freed memory. Oracle: the page faults that the kernel counts."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the knobs are glibc's")
STEPS = """
import resource, sys
import torch
from trainables.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    (torch.ones(2**24) + 1).sum()  # two blocks of 64 MB
torch.set_num_threads(1)
for _ in range(12):  # until the heap has grown to what a step needs
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    done = subprocess.run([sys.executable, "-c", STEPS, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_step_finds_the_memory_of_the_step_before():
    """Oracle: four steps touch 8 x 16,384 pages of 4 KiB if they are mapped anew, hardly any if they were kept."""
    assert faults("keep") < 1000
    assert faults("default") > 10 * faults("keep")
