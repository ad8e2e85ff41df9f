"""`tuner plan`: what a study would run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.common import (
    DEFAULT_HOME,
    DataDirOption,
    HomeOption,
    JsonOption,
    OnlyOption,
    SetOption,
    StudyArgument,
    data_folder,
    note,
    picked,
    print_json,
    print_table,
    read_study,
)

if TYPE_CHECKING:
    from tuner.plan import Plan, Search


def command(
    study: StudyArgument,
    only: OnlyOption = None,
    overrides: SetOption = None,
    data_dir: DataDirOption = None,
    home: HomeOption = DEFAULT_HOME,
    with_pilot: Annotated[
        bool, typer.Option("--pilot", help="Train one epoch per data set and network, and estimate hours.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a study would run: searches, trials, epochs, seeds, resources, disk, missing data and weights.

    Nothing is started; only --pilot trains, in this process.

    Example: tuner plan studies/quickstart.yaml --only loss=cosine
    """
    from tuner.plan import plan_study

    loaded = read_study(study, overrides)
    plan = plan_study(loaded, only=picked(loaded, only))
    facts = _facts(plan, study, data_folder(data_dir, home))
    if with_pilot:
        facts["pilot"] = _pilot(plan, data_folder(data_dir, home), home.absolute() / "data", quiet=as_json)
    if as_json:
        print_json(facts)
    else:
        _print(plan, facts)


def _facts(plan: Plan, path: Path, data_dir: Path) -> dict[str, Any]:
    from tuner import forecast

    disk = forecast.disk(plan)
    return {
        "study": plan.study.name,
        "file": str(path),
        "fingerprint": plan.fingerprint,
        "trainable": plan.study.trainable,
        "metric": plan.study.search.metric,
        "mode": plan.study.search.mode,
        "budget": plan.study.search.budget.model_dump(),
        "totals": forecast.totals(plan.searches),
        "resources": asdict(plan.searches[0].resources) if plan.searches else {},
        "concurrency": {
            "max_concurrent": plan.study.search.max_concurrent,
            "parallel_searches": plan.study.search.parallel_searches,
        },
        "searches": [_search_facts(search) for search in plan.searches],
        "disk_bytes": {**asdict(disk), "total": disk.total},
        "data": [asdict(need) for need in forecast.data_needs(plan, data_dir)],
        "data_dir": str(data_dir),
        "weights": [asdict(need) for need in forecast.weight_needs(plan)],
        "idle": forecast.idle_settings(plan),
    }


def _search_facts(search: Search) -> dict[str, Any]:
    return {
        "key": search.key,
        "cell": dict(search.cell),
        "seed": search.seed,
        "trials": search.trials,
        "max_steps": search.max_steps,
        "final_seeds": list(search.final_seeds),
        "space": search.space.to_spec(),
        "fixed": dict(search.fixed),
        "start_with": [dict(point) for point in search.start_with],
        "searcher": {search.searcher.name: dict(search.searcher.options)},
        "scheduler": {search.scheduler.name: dict(search.scheduler.options)},
        "stoppers": [{stopper.name: dict(stopper.options)} for stopper in search.stoppers],
    }


def _pilot(plan: Plan, data_dir: Path, cache_dir: Path, *, quiet: bool) -> dict[str, Any]:
    from tuner.forecast import checkpoint_bytes
    from tuner.pilot import hours, pilot

    timings = []
    for timing in pilot(plan, data_dir=data_dir, cache_dir=cache_dir):
        timings.append(timing)
        if not quiet:
            note(f"{timing.searches[0]}: {timing.epoch_s:.1f} s an epoch on {timing.device}")
    sizes = {key: timing.checkpoint_bytes for timing in timings for key in timing.searches}
    running, kept = checkpoint_bytes(plan, sizes)
    return {
        "timings": [asdict(timing) for timing in timings],
        "hours": hours(plan, timings),
        "checkpoints": running,
        "kept": kept,
    }


def _print(plan: Plan, facts: dict[str, Any]) -> None:
    from disk import readable_bytes

    steps = plan.study.search.budget.key
    rows = [
        (search.key, search.trials, search.max_steps, search.seed, ", ".join(search.space.names))
        for search in plan.searches
    ]
    print_table(("search", "trials", f"{steps}s at most", "seed", "searched"), rows)
    totals, resources = facts["totals"], facts["resources"]
    lines = [
        f"{totals['searches']} searches, {totals['trials']} trials, at most {totals['max_steps']} {steps}s",
        f"a trial takes {_resources(resources)}; trials at a time in a search: "
        f"{facts['concurrency']['max_concurrent']}; searches side by side: {facts['concurrency']['parallel_searches']}",
        f"disk: at most {readable_bytes(facts['disk_bytes']['total'])}{_uncounted(facts['disk_bytes']['unknown'])}",
        _checkpoints(facts["pilot"] if "pilot" in facts else facts["disk_bytes"], measured="pilot" in facts),
        *(f"data: {need['name']} {need['note'] or 'is here'}" for need in facts["data"]),
        *(f"weights: {need['name']} {need['note'] or 'are here'}" for need in facts["weights"]),
        *(f"note: {text}" for text in facts["idle"]),
    ]
    if "pilot" in facts:
        lines.append(f"time: about {facts['pilot']['hours']:.1f} h if nothing is stopped early")
    typer.echo("\n" + "\n".join(lines))


def _checkpoints(sizes: dict[str, Any], *, measured: bool) -> str:
    from disk import readable_bytes

    if not sizes["checkpoints"]:
        return "checkpoints: of a size that is not known here; --pilot measures it"
    kept = (
        f"{readable_bytes(sizes['checkpoints'])} while searches run, {readable_bytes(sizes['kept'])} once all are over"
    )
    return f"checkpoints: at most {kept}{' (measured)' if measured else ''}"


def _resources(resources: dict[str, Any]) -> str:
    gpu = f", {resources['gpu']:g} GPU" if resources["gpu"] else ""
    return f"{resources['cpu']:g} CPU{gpu}{' if there is one' if gpu and resources['gpu_if_present'] else ''}"


def _uncounted(unknown: tuple[str, ...]) -> str:
    return f", without {', '.join(unknown)}, whose size is not known here" if unknown else ""
