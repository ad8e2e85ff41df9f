"""How much memory the prepared data take when many trials map them: once per machine, not once per trial.

N processes map the same prepared copy and read every page of it, and wait for each other. Each then reads its own
share from /proc/self/smaps: Pss counts a page that k processes map as 1/k. The ratio is the sum over all processes
of what they hold of the data, to the size of the file: 1 if resident once, N if each had a copy. Beside it, the
same for N processes that load the arrays into memory of their own. Linux only.
    python benchmarks/memory.py --processes 4 --megabytes 64 --json
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from trainables.data.prepared import load

TARGET = 1.1
IMAGE_EDGE = 36
_BYTES_PER_MB = 10**6


def write_raw(path: Path, megabytes: int) -> None:
    """Random images with labels, as an .npz."""
    n = megabytes * _BYTES_PER_MB // IMAGE_EDGE**2
    images = np.random.default_rng(0).integers(0, 256, (n, IMAGE_EDGE, IMAGE_EDGE), dtype=np.uint8)
    labels = np.arange(n) % 10
    np.savez(path, x_train=images, y_train=labels, x_test=images[:10], y_test=labels[:10])


def hold(path: Path, *, copy: bool, barrier: Barrier, shares: multiprocessing.Queue[float]) -> None:
    """Map the data, read them all, and report this process's share of them in bytes."""
    before = proportional_set_bytes()
    images = load(f"npz:{path}", data_dir=path.parent, cache_dir=path.parent / "cache").train.images
    held = np.array(images) if copy else images
    checksum = int(held.sum(dtype=np.int64))
    if copy:
        # What the copy was read from is the same file for all; only the copies count here.
        shares_of_map = proportional_set_bytes("train_images.npy")
    barrier.wait()
    share = proportional_set_bytes() - before - shares_of_map if copy else proportional_set_bytes("train_images.npy")
    shares.put(float(share))
    barrier.wait()  # nobody leaves before all have looked
    if checksum <= 0:
        raise RuntimeError("the images are random: their sum cannot be 0")


def proportional_set_bytes(name: str | None = None) -> int:
    """Pss of this process, of mappings of files that end in `name` or of all."""
    total, counts = 0, name is None
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split(maxsplit=1)[0]
        if not first.endswith(":"):  # the header of the next mapping; its last word is the file
            counts = name is None or line.endswith(name)
        elif counts and first == "Pss:":
            total += int(line.split()[1]) * 1024
    return total


def together(path: Path, n: int, *, copy: bool) -> float:
    """Bytes that `n` processes hold of the data at once."""
    context = multiprocessing.get_context("spawn")  # what Ray's workers are: no memory inherited
    barrier, shares = context.Barrier(n), context.Queue()
    options = {"copy": copy, "barrier": barrier, "shares": shares}
    processes = [context.Process(target=hold, args=(path,), kwargs=options) for _ in range(n)]
    for process in processes:
        process.start()
    total = sum(shares.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    return total


def main() -> int:
    """Measure, print the ratios, return 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "images.npz"
        write_raw(path, options.megabytes)
        size = load(f"npz:{path}", data_dir=path.parent, cache_dir=path.parent / "cache").train.images.nbytes
        mapped = together(path, options.processes, copy=False) / size
        copied = together(path, options.processes, copy=True) / size
    if options.json:
        facts = {"processes": options.processes, "data_bytes": size, "ratio_mapped": mapped, "ratio_copied": copied}
        print(json.dumps({**facts, "target": TARGET}))
    else:
        held = f"{options.processes} processes hold {size / _BYTES_PER_MB:.0f} MB of images"
        print(f"mapped  resident / size {mapped:5.2f}  (target at most {TARGET}; {held})")
        print(f"copied  resident / size {copied:5.2f}  (for comparison: the same, each with an array of its own)")
    return 0 if mapped <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
