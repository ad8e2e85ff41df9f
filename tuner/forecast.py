"""What a plan would take: steps, disk, data, weights, and settings that can have no effect. Nothing is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from search_spaces.domains import Constant
from trainables import catalog
from trainables.option_types import OptionInfo
from trainables.options import describe
from tuner.plan import Plan, Search

# Network without its last layer; the part that a study can change is small beside it.
PARAMETERS = {"resnet18": 11_176_512, "resnet50": 23_508_032, "resnet101": 42_500_160}
# Images of both splits and channels; each is kept once per machine, one byte a pixel.
IMAGES = {
    "digits": (1_797, 1),
    "MNIST": (70_000, 1),
    "FashionMNIST": (70_000, 1),
    "KMNIST": (70_000, 1),
    "CIFAR10": (60_000, 3),
    "CIFAR100": (60_000, 3),
}
LARGEST_SIDE = 44
BYTES_PER_PARAMETER = 4
COPIES_PER_CHECKPOINT = 3  # the weights and an optimiser's two averages
CHECKPOINTS_PER_TRIAL = 4  # of one that runs: its newest two, its best one, and the one being written
BYTES_PER_RESULT = 4_000  # some fifteen metrics in the event log, in SQLite with its indices and in the history


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Upper bounds in bytes. unknown: models and data sets whose size is not known here, and not counted.

    checkpoints: of running searches. kept: checkpoints of all searches once they are over.
    """

    models: int
    checkpoints: int
    kept: int
    records: int
    prepared: int
    unknown: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All of it together."""
        return self.models + self.checkpoints + self.kept + self.records + self.prepared


@dataclass(frozen=True)
class Need:
    """A data set or a network's weights: whether it is here, and how to get it."""

    name: str
    present: bool
    note: str


def choices_of(search: Search, kind: str) -> tuple[str, ...]:
    """The names of a catalogue kind ("datasets", "models") that a search's trials may use; () if there is none."""
    names: dict[str, None] = {}
    for info in _options_of(search.trainable, kind):
        values = values_of(search, info.name) or (info.default,)
        names.update(dict.fromkeys(value for value in values if isinstance(value, str)))
    return tuple(names)


@cache
def _options_of(trainable: str, kind: str) -> tuple[OptionInfo, ...]:
    options = catalog.options_class(trainable)
    return tuple(info for info in (describe(options) if options else ()) if info.kind == kind)


def values_of(search: Search, name: str) -> tuple[Any, ...]:
    """The values that a key takes in a search: one if fixed, those of its domains if searched, () if not given."""
    for given in (search.cell, search.fixed):
        if name in given:
            return (given[name],)
    parameter = next((p for p in search.space.parameters if p.name == name), None)
    return tuple(value for branch in (parameter.branches if parameter else ()) for value in branch.domain.extremes())


def disk(plan: Plan) -> Disk:
    """How much a run writes at most, as far as sizes are known."""
    unknown: dict[str, None] = {}
    models = records = 0
    sets: dict[str, None] = {}
    checkpoint: dict[str, int] = {}
    for search in plan.searches:
        names = choices_of(search, "models")
        unknown.update(dict.fromkeys(name for name in names if name not in PARAMETERS))
        size = BYTES_PER_PARAMETER * max((PARAMETERS.get(name, 0) for name in names), default=0)
        models += size
        checkpoint[search.key] = COPIES_PER_CHECKPOINT * size
        records += search.max_steps * BYTES_PER_RESULT
        sets.update(dict.fromkeys(choices_of(search, "datasets")))
        if not names:
            unknown[search.trainable] = None
    unknown.update(dict.fromkeys(name for name in sets if name not in IMAGES))
    known = (IMAGES[name] for name in sets if name in IMAGES)
    prepared = sum(count * channels * LARGEST_SIDE**2 for count, channels in known)
    checkpoints, kept = checkpoint_bytes(plan, checkpoint)
    return Disk(
        models=models,
        checkpoints=checkpoints,
        kept=kept,
        records=records,
        prepared=prepared,
        unknown=tuple(unknown),
    )


def checkpoint_bytes(plan: Plan, checkpoint: Mapping[str, int]) -> tuple[int, int]:
    """The most that the checkpoints of running searches take, and those that stay when all are over, in bytes.

    checkpoint: the size of one, by the search's key.
    """
    keep, section = plan.study.checkpoints.keep, plan.study.search
    running = min(len(plan.searches), section.parallel_searches)
    largest = max(checkpoint.values(), default=0)
    kept = sum(
        (min(keep, search.trials) + len(search.final_seeds)) * checkpoint[search.key] for search in plan.searches
    )
    return running * section.max_concurrent * CHECKPOINTS_PER_TRIAL * largest, kept


def data_needs(plan: Plan, data_dir: Path) -> list[Need]:
    """The named data sets that the searches use, by the presence of their files under `data_dir`."""
    from trainables.data.inventory import inventory

    here = {status.name: status for status in inventory(data_dir)}
    names = dict.fromkeys(name for search in plan.searches for name in choices_of(search, "datasets"))
    needs = []
    for name in names:
        if name in here:
            needs.append(Need(name, here[name].present, here[name].note))
        elif name.startswith(("folder:", "npz:")):
            path = data_dir / name.partition(":")[2]
            needs.append(Need(name, path.exists(), "" if path.exists() else f"missing: {path}"))
    return needs


def weight_needs(plan: Plan) -> list[Need]:
    """The pretrained networks that the searches use, by the presence of their files on this machine."""
    from trainables.models.pretrained import missing_weights

    wanted = {
        (name, file): None
        for search in plan.searches
        if any(value is True for value in values_of(search, "pretrained"))
        for name in choices_of(search, "models")
        for file in values_of(search, "weights") or (None,)
    }
    lacking = {(name, file): missing_weights(name, file) for name, file in wanted}
    return [Need(name, text is None, text or "") for (name, _), text in lacking.items()]


def idle_settings(plan: Plan) -> list[str]:
    """Settings of the study that can have no effect, in words: legal, and probably not meant."""
    found: dict[str, None] = {}
    for search in plan.searches[:1]:
        for stopper in search.stoppers:
            found.update(dict.fromkeys(_idle_stopper(stopper.name, stopper.options, search)))
        if search.max_concurrent > search.trials:
            text = f"search.max_concurrent ({search.max_concurrent}) is more than search.trials ({search.trials})"
            found[text] = None
    for search in plan.searches:
        branches = [branch for parameter in search.space.parameters for branch in parameter.branches]
        if search.trials > 1 and all(isinstance(branch.domain, Constant) for branch in branches):
            found[f"{search.key}: nothing is searched, so its {search.trials} trials differ in their seeds alone"] = (
                None
            )
    return list(found)


def _idle_stopper(name: str, options: Mapping[str, Any], search: Search) -> Iterator[str]:
    results = {"trial_plateau": "patience", "trial_plateau_std": "num_results"}
    if name in results and options[results[name]] >= search.budget_max:
        key = results[name]
        yield f"{name} cannot act: {key} is {options[key]}, and a trial has at most {search.budget_max} results"
    if name == "search_plateau" and options["patience"] >= search.trials:
        yield f"search_plateau cannot act: patience is {options['patience']}, and a search has {search.trials} trials"


def totals(searches: Sequence[Search]) -> dict[str, int]:
    """Counts of searches and trials, and the most steps that all trials together take."""
    return {
        "searches": len(searches),
        "trials": sum(search.trials for search in searches),
        "max_steps": sum(search.max_steps for search in searches),
    }
