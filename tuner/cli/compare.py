"""`tuner compare`: two studies side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from results.redaction import redacted
from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json, print_table
from tuner.cli.stored import TrackingUriOption, find_study, plain_number, whole_outcomes
from tuner.errors import InputError, Problem

if TYPE_CHECKING:
    from results.study_comparison import ComparedCell, Side

_HELP = "A study file, or the name of a study that was run."
FirstArgument = Annotated[str, typer.Argument(metavar="STUDY_A", help=_HELP, show_default=False)]
SecondArgument = Annotated[str, typer.Argument(metavar="STUDY_B", help=_HELP, show_default=False)]
OtherHomeOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The home of STUDY_B, if it is another one.", show_default=False)
]
MetricOption = Annotated[
    str | None,
    typer.Option(help="What is compared; by default the test metric, or the searched one.", show_default=False),
]
OtherTrackingUriOption = Annotated[
    str | None,
    typer.Option(metavar="URI", help="The MLflow store of STUDY_B, if it is another one.", show_default=False),
]
LastOption = Annotated[bool, typer.Option("--last", help="Compare trials at their last step, not their best one.")]
MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print comma-separated values, numbers in full.")]


def command(
    study_a: FirstArgument,
    study_b: SecondArgument,
    metric: MetricOption = None,
    last: LastOption = False,
    home: HomeOption = DEFAULT_HOME,
    other_home: OtherHomeOption = None,
    tracking_uri: TrackingUriOption = None,
    other_tracking_uri: OtherTrackingUriOption = None,
    as_markdown: MarkdownOption = False,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    """Lay the cells that two studies share side by side: means with 95% intervals, and STUDY_B less STUDY_A, tested.

    In pairs where runs share their seeds (paired t, from 20 on a bootstrap), else by Welch's test; from 3 runs on,
    corrected after Holm for the number of cells.

    Example: tuner compare quickstart#1 quickstart#2
    """
    if as_markdown + as_csv + as_json > 1:
        raise InputError([Problem((), "only one of --markdown, --csv and --json may be given", option="--markdown")])
    from results.study_comparison import compare_studies, comparison_table

    names, stores, found = [], [], []
    elsewhere = other_home is not None or other_tracking_uri is not None
    other = (other_home or home, other_tracking_uri) if elsewhere else (home, tracking_uri)
    for given, place in ((study_a, (home, tracking_uri)), (study_b, other)):
        store, record = find_study(given, *place)
        name = record.study_id
        names.append(name if name not in names else f"{name} in {redacted(place[1] or str(place[0]))}")
        stores.append((store.uri, name))
        found.append(whole_outcomes(store, record) if last else store.outcomes(record.study_id))
    at: Literal["best", "last"] = "last" if last else "best"
    compared = compare_studies(found[0], found[1], metric=metric, at=at)
    same = [f"Both are {names[0]}: it is compared with itself."] if stores[0] == stores[1] else []
    notes = [*same, *compared.notes]
    if as_json:
        cells = [_facts(cell) for cell in compared.cells]
        facts = {"studies": names, "metric": compared.metric, "factors": list(compared.factors)}
        print_json({**facts, "cells": cells, "notes": notes})
        return
    table = comparison_table(compared, (names[0], names[1]), full=as_csv)
    if as_csv:
        typer.echo(table.csv(), nl=False)
    elif as_markdown:
        typer.echo(table.markdown())
        for text in notes:
            typer.echo(f"\n{text}")
    else:
        print_table(table.columns, table.text_rows(), title=f"{compared.metric}: {names[1]} less {names[0]}")
        for text in notes:
            note(text)


def _facts(cell: ComparedCell) -> dict[str, Any]:
    test = cell.comparison
    return {
        "cell": dict(cell.cell),
        "first": _side(cell.first),
        "second": _side(cell.second),
        "difference": plain_number(test.difference),
        "half_width": plain_number(test.half_width),
        "test": test.test,
        "n": list(test.n),
        "why": test.why,
        "p": test.p,
        "p_holm": cell.p,
        "verdict": cell.verdict,
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "search": side.search,
        "mean": side.mean,
        "half_width": side.half_width,
        "n": side.n,
        "why": side.why,
    }
