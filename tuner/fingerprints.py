"""What makes two studies, or two searches, the same: all that determines results, and nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from search_spaces.space import Space
from tuner.options.plugin import Plugin
from tuner.study import Study

if TYPE_CHECKING:
    from tuner.plan import Search

BUDGET_STOPPERS = ("time_budget", "failure_budget")
"""They end a search as `search.trials` does: changing them goes on with the same study."""


def identity(study: Study) -> dict[str, Any]:
    """The values that must not change while a study goes on, by dotted paths: plain data, the same for equal studies.

    Left out: the name, the number of trials, budget stoppers, an epoch's time limit, what follows from too little
    memory (the ledger tells it), parallel searches, resources, cluster, tracking, report, and which values the grid's
    factors take (that there are these factors counts: every search's key is made of them).
    """
    search = study.search
    return dict(
        _flat(
            {
                "trainable": _portable(study.trainable),
                "grid": list(study.grid),
                "space": Space.parse(study.space).to_spec(),
                "fixed": study.fixed,
                "start_with": study.start_with,
                "search": {
                    "metric": search.metric,
                    "mode": search.mode,
                    "budget": search.budget.model_dump(),
                    "max_concurrent": search.max_concurrent,
                    "seed": search.seed,
                    **_judgement(search.searcher, search.scheduler, search.stoppers),
                },
                "protocol": study.protocol.model_dump(),
                "device": study.device,
                "precision": study.precision,
            },
            "",
        )
    )


def study_fingerprint(study: Study) -> str:
    """64 hex digits, equal for two studies of which one may continue the other (see `identity`)."""
    return _digest(identity(study))


def search_fingerprint(search: Search) -> str:
    """64 hex digits, equal for two searches of which one may continue the other: as for studies, with the cell."""
    return _digest(
        {
            "trainable": _portable(search.trainable),
            "cell": search.cell,
            "space": search.space.to_spec(),
            "fixed": search.fixed,
            "start_with": search.start_with,
            "metric": [search.metric, search.mode],
            "budget": [search.budget_key, search.budget_max],
            "max_concurrent": search.max_concurrent,
            "seed": search.seed,
            **_judgement(search.searcher, search.scheduler, search.stoppers),
        }
    )


def _judgement(searcher: Plugin, scheduler: Plugin, stoppers: Iterable[Plugin]) -> dict[str, Any]:
    kept = [stopper for stopper in stoppers if stopper.name not in BUDGET_STOPPERS]
    return {
        "searcher": dataclasses.asdict(searcher),
        "scheduler": dataclasses.asdict(scheduler),
        "stoppers": [dataclasses.asdict(stopper) for stopper in kept],
    }


def _portable(trainable: str) -> str:
    """A file's name without its folder: a moved checkout is the same study."""
    file, separator, attribute = trainable.rpartition(":")
    return f"{PurePath(file).name}:{attribute}" if separator and file.endswith(".py") else trainable


def _flat(value: Any, path: str) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, json.loads(_canonical(value))


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content).encode()).hexdigest()
