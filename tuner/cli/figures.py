"""`tuner figures`: pictures of each search's best trial."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json, print_table
from tuner.cli.stored import StoredStudyArgument, TrackingUriOption, find_study, whole_outcomes

if TYPE_CHECKING:
    from results.figures.gallery import Gallery
    from results.records import SearchOutcome
    from results.store import Store

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Where the figures go, a folder for each search; by default figures/STUDY in the home.",
        show_default=False,
    ),
]


def command(
    study: StoredStudyArgument,
    out: OutOption = None,
    home: HomeOption = DEFAULT_HOME,
    tracking_uri: TrackingUriOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw each search's best trial, as SVG and PNG: every figure that its results and stored arrays allow.

    Example: tuner figures linear_classifier --out figures
    """
    store, record = find_study(study, home, tracking_uri)
    folder = out if out is not None else home / "figures" / record.study_id
    drawn = _draw(store, whole_outcomes(store, record), folder)
    if as_json:
        searches = [_facts(outcome, gallery) for outcome, gallery in drawn]
        print_json({"study": record.study_id, "out": str(folder), "searches": searches})
        return
    rows = [
        (outcome.search.key, ", ".join(gallery.files), folder / outcome.search.key)
        for outcome, gallery in drawn
        if gallery is not None and gallery.files
    ]
    print_table(("search", "figures", "folder"), rows, title=f"{record.study_id}: the best trials, as SVG and PNG")
    for outcome, gallery in drawn:
        if gallery is None:
            note(f"{outcome.search.key}: no trial succeeded, so there is nothing to draw")
            continue
        for name, why in gallery.left_out.items():
            note(f"{outcome.search.key}: {name} is left out: {why}")


def _draw(store: Store, outcomes: Sequence[SearchOutcome], folder: Path) -> list[tuple[SearchOutcome, Gallery | None]]:
    """The figures of each search's best trial; None if it has none."""
    from results.figures.catalog import TRIAL_FIGURES
    from results.figures.gallery import Job, draw_many
    from results.figures.stored import stored_source

    jobs = {
        outcome.search.key: Job(stored_source(store, outcome), folder / outcome.search.key, TRIAL_FIGURES)
        for outcome in outcomes
        if outcome.best_trial is not None
    }
    galleries = dict(zip(jobs, draw_many(list(jobs.values())), strict=True))
    return [(outcome, galleries.get(outcome.search.key)) for outcome in outcomes]


def _facts(outcome: SearchOutcome, gallery: Gallery | None) -> dict[str, Any]:
    trial = outcome.best_trial
    return {
        "search": outcome.search.key,
        "trial": None if trial is None else trial.trial_id,
        "figures": [
            {"figure": name, "files": [str(file) for file in files]}
            for name, files in (gallery.files.items() if gallery is not None else ())
        ],
        "left_out": [
            {"figure": name, "why": why} for name, why in (gallery.left_out.items() if gallery is not None else ())
        ],
    }
