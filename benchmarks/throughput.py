"""Images per second of one training epoch: our batches, a torchvision DataLoader, and the same steps without data.

Three sides, the same model, optimiser, batch size and CPU threads, taken in turns within each round:
  ours    trainables.data: prepared once, gathered and normalised in chunks
  loader  torchvision's reader, Resize, CenterCrop, ToTensor, Normalize in a DataLoader
  limit   the same steps on one fixed, already normalised batch: no data work at all
With one thread the loader has no workers. With more, it is measured with `threads` threads and no workers and with
one thread and `threads - 1` workers, and the better one counts.

On one CPU thread the clock is the process's CPU time, which is the wall-clock time of an idle core: other load on the
machine then shows in none of the sides. Else it is the wall clock.

The images are random, 28 x 28 and grey, in MNIST's file format: nothing to download.
    python benchmarks/throughput.py --threads 1 --rounds 5 --json
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from trainables.data.batches import Batches
from trainables.data.idx import FILES, IdxSource
from trainables.data.normalisation import TABLE_2
from trainables.data.prepared import DataSet, load_source
from trainables.data.transform import Transform
from trainables.models.backbone import Backbone
from trainables.models.mlp import mlp
from trainables.models.resnet import resnet18
from trainables.models.small_cnn import small_cnn
from trainables.optimizers import build_optimizer

RESIZE, CROP, N_CLASSES = 44, 36, 10
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Case:
    """A model, how many images a round takes, and the ratios that are asked of it on a CPU."""

    name: str
    build: Callable[[], Backbone]
    n_images: int
    target_loader: float
    target_limit: float = 0.92


CASES = (
    Case("mlp", lambda: mlp(1, CROP, N_CLASSES), 8192, 4.0),
    # 8, 16 and 32 channels. A loader costs each image the same, so the ratio only tells how cheap the model is: at the
    # default width of 32 a step takes five times as long and leaves little to see.
    Case("small_cnn", lambda: small_cnn(1, CROP, N_CLASSES, width=8), 2048, 1.4),
    Case("resnet18", lambda: resnet18(1, CROP, N_CLASSES), 128, 1.0),
)


def write_raw(root: Path, n: int) -> IdxSource:
    """Random images in the layout that torchvision.datasets.MNIST(root) reads."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    md5 = {}
    for name in FILES:
        rows = n if name.startswith("train") else 64
        shape = (rows, 28, 28) if "images" in name else (rows,)
        values = generator.integers(0, 256 if "images" in name else N_CLASSES, shape, dtype=np.uint8)
        content = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values.tobytes()
        (folder / name).write_bytes(content)
        md5[name] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return IdxSource("MNIST", folder, md5, {})


class Trainer:
    """One model with its optimiser; `seconds` trains on the batches it is given."""

    def __init__(self, case: Case, device: torch.device, clock: Callable[[], float]) -> None:
        self._clock = clock
        torch.manual_seed(0)
        self._model = case.build().to(device).train()
        parameters = self._model.parameters()
        self._optimizer = build_optimizer(parameters, name="adam", lr=1e-4, momentum=0.0, weight_decay=0.0)
        self._device = device

    def seconds(self, batches: Iterable[Batch]) -> float:
        """Seconds that one step a batch takes."""
        started = self._clock()
        for x, y in batches:
            self._optimizer.zero_grad()
            nn.functional.cross_entropy(self._model(x), y).backward()
            self._optimizer.step()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return self._clock() - started


@dataclass(frozen=True)
class Setting:
    """What all sides share."""

    data: DataSet
    root: Path
    batch_size: int
    threads: int
    device: torch.device

    @property
    def clock(self) -> Callable[[], float]:
        """CPU seconds where one thread does it all, else wall-clock seconds."""
        return time.process_time if self.threads == 1 and self.device.type == "cpu" else time.perf_counter

    def ours(self, n: int) -> Batches:
        """Shuffled batches of our own."""
        return Batches(
            self.data.train,
            np.arange(n),
            batch_size=self.batch_size,
            device=self.device,
            mean=self.data.mean,
            std=self.data.std,
            generator=torch.Generator().manual_seed(0),
            drop_last=True,
        )

    def loader(self, n: int, workers: int) -> Iterator[Batch]:
        """Shuffled batches of torchvision's reader and transforms."""
        (mean,), (std,) = TABLE_2["MNIST"]
        steps = [transforms.Resize(RESIZE), transforms.CenterCrop(CROP), transforms.ToTensor()]
        steps += [transforms.Normalize(mean / 255, std / 255)]
        images = datasets.MNIST(self.root, transform=transforms.Compose(steps))
        loader: DataLoader[Batch] = DataLoader(
            torch.utils.data.Subset(images, range(n)),
            batch_size=self.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            pin_memory=self.device.type == "cuda",
        )
        for x, y in loader:
            yield x.to(self.device, non_blocking=True), y.to(self.device, non_blocking=True)

    def limit(self, n: int) -> Iterator[Batch]:
        """The first batch, again and again."""
        return itertools.repeat(next(iter(self.ours(n))), n // self.batch_size)


def measure(case: Case, setting: Setting, rounds: int) -> dict[str, float | str]:
    """Medians over the rounds, of rates and of the ratios within a round."""
    trainer = Trainer(case, setting.device, setting.clock)
    n = case.n_images
    layouts = [(setting.threads, 0)] + ([(1, setting.threads - 1)] if setting.threads > 1 else [])
    trainer.seconds(setting.ours(2 * setting.batch_size))  # warms caches and allocators
    ours, limit, loader = [], [], []
    for _ in range(rounds):
        limit.append(n / trainer.seconds(setting.limit(n)))
        ours.append(n / trainer.seconds(setting.ours(n)))
        loader.append(max(_loader_rate(trainer, setting, n, *layout) for layout in layouts))
        torch.set_num_threads(setting.threads)
    return {
        "model": case.name,
        "ours_images_per_s": statistics.median(ours),
        "loader_images_per_s": statistics.median(loader),
        "limit_images_per_s": statistics.median(limit),
        "ratio_loader": statistics.median(a / b for a, b in zip(ours, loader, strict=True)),
        "target_loader": case.target_loader,
        "ratio_limit": statistics.median(a / b for a, b in zip(ours, limit, strict=True)),
        "target_limit": case.target_limit,
    }


def _loader_rate(trainer: Trainer, setting: Setting, n: int, threads: int, workers: int) -> float:
    torch.set_num_threads(threads)
    return n / trainer.seconds(setting.loader(n, workers))


def main() -> int:
    """Measure, print one ratio a line, return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=[case.name for case in CASES], default=None)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cases = [case for case in CASES if options.models is None or case.name in options.models]
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        source = write_raw(root, max(case.n_images for case in cases))
        data = load_source(source, cache_dir=root / "cache", transform=Transform(RESIZE, CROP))
        setting = Setting(data, root, options.batch_size, options.threads, torch.device(options.device))
        results = [measure(case, setting, options.rounds) for case in cases]
    if options.json:
        print(json.dumps({"threads": options.threads, "batch_size": options.batch_size, "results": results}))
    else:
        for result in results:
            for side in ("loader", "limit"):
                print(
                    f"{result['model']:<10} ours / {side:<6} {result[f'ratio_{side}']:5.2f}  "
                    f"(target {result[f'target_{side}']:.2f}; {result['ours_images_per_s']:,.0f} against "
                    f"{result[f'{side}_images_per_s']:,.0f} images/s)"
                )
    met = (r["ratio_loader"] >= r["target_loader"] and r["ratio_limit"] >= r["target_limit"] for r in results)  # type: ignore[operator]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
