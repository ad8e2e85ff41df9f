"""Times one epoch in each kind of cell, and says how long a plan would take. The only planning that trains anything."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import InputError, Problem
from tuner.forecast import choices_of
from tuner.keys import trial_seed
from tuner.plan import Plan, Search


@dataclass(frozen=True)
class Timing:
    """One timed epoch. searches: keys of the searches that it stands for. prepare_s: decoding of the data before it.

    checkpoint_bytes: the size of a checkpoint after it.
    """

    searches: tuple[str, ...]
    device: str
    prepare_s: float
    epoch_s: float
    checkpoint_bytes: int = 0


def pilot(plan: Plan, *, data_dir: Path, cache_dir: Path) -> Iterator[Timing]:
    """Train one epoch of one trial for each combination of data set and network, one after another.

    Raises InputError if the trainable does not follow the Training protocol; what it raises itself is passed on.
    """
    from trainables import catalog

    if not plan.searches:
        return
    trainable = plan.searches[0].trainable
    training = catalog.load("trainables", trainable)
    if not callable(getattr(training, "train_epoch", None)):
        raise InputError([Problem(("trainable",), "must follow the Training protocol for --pilot", trainable)])
    for searches in _groups(plan):
        yield _timed(plan, searches, training, data_dir=data_dir, cache_dir=cache_dir)


def _groups(plan: Plan) -> list[list[Search]]:
    groups: dict[tuple[tuple[str, ...], ...], list[Search]] = {}
    for search in plan.searches:
        groups.setdefault((choices_of(search, "datasets"), choices_of(search, "models")), []).append(search)
    return list(groups.values())


def _timed(plan: Plan, searches: list[Search], training: type, *, data_dir: Path, cache_dir: Path) -> Timing:
    import torch

    from trainables.training import TrialContext, snapshot

    search = searches[0]
    has_cuda = plan.study.device in ("auto", "cuda") and torch.cuda.is_available() and search.resources.gpu > 0
    device = "cuda" if has_cuda else "cpu" if plan.study.device == "auto" else plan.study.device
    threads = max(1, int(search.resources.cpu))
    torch.set_num_threads(threads)
    context = TrialContext(
        seed=trial_seed(search.seed, 0),
        data_dir=data_dir,
        cache_dir=cache_dir,
        device=device,
        precision=plan.study.precision,
        threads=threads,
        test_every_epoch=plan.study.protocol.test_every_epoch,
    )
    point = search.start_with[0] if search.start_with else {}
    searched = search.space.complete(point, random.Random(search.seed))  # noqa: S311  (not a secret)
    config = {**search.fixed, **search.cell, **searched}
    began = time.perf_counter()
    prepare = getattr(training, "prepare", None)
    if prepare is not None:
        prepare(config, context)
    prepared = time.perf_counter()
    trial = training(config, context)
    trial.train_epoch()
    if device == "cuda":
        torch.cuda.synchronize()
    epoch_s = time.perf_counter() - prepared
    return Timing(
        searches=tuple(search.key for search in searches),
        device=device,
        prepare_s=prepared - began,
        epoch_s=epoch_s,
        checkpoint_bytes=snapshot(trial, done=1).size,
    )


def hours(plan: Plan, timings: list[Timing]) -> float:
    """Hours of computing for every trial to its last epoch: nothing stopped early, perfect sharing of the machine."""
    epoch_s = {key: timing.epoch_s for timing in timings for key in timing.searches}
    total = sum(search.max_steps * epoch_s[search.key] for search in plan.searches)
    side_by_side = plan.study.search.max_concurrent * min(plan.study.search.parallel_searches, len(plan.searches))
    return total / side_by_side / 3600
