"""`tuner verify`: what a paper printed, beside what came out here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json, print_table
from tuner.cli.printed import ReferenceOption, default_settings, find_reference
from tuner.cli.stored import StoredStudyArgument, TrackingUriOption, find_study, plain_number, whole_outcomes
from tuner.errors import InputError, Problem

if TYPE_CHECKING:
    from results.verification import Verdict

MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")]
RanOption = Annotated[bool, typer.Option("--ran", help="Leave out what has no number of ours.")]


def command(
    study: StoredStudyArgument,
    reference: ReferenceOption = None,
    home: HomeOption = DEFAULT_HOME,
    tracking_uri: TrackingUriOption = None,
    only_ran: RanOption = False,
    as_markdown: MarkdownOption = False,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    """Lay the recorded best trials beside the numbers that a paper printed, each with a verdict.

    within: in the 95% prediction interval for one new run, widened by the binomial error of the paper's test set.

    Example: tuner verify imbalance --ran
    """
    if as_markdown + as_csv + as_json > 1:
        raise InputError([Problem((), "only one of --markdown, --csv and --json may be given", option="--markdown")])
    store, record = find_study(study, home, tracking_uri)
    printed = find_reference(reference or record.name, from_option=reference is not None)
    from results.verification import verdict_counts, verify
    from results.verify_table import protocol_notes, verify_table

    verdicts = verify(printed, whole_outcomes(store, record), defaults=default_settings(record))
    shown = [v for v in verdicts if v.ours is not None or not only_ran]
    notes = {} if as_csv else protocol_notes(shown)
    table = verify_table(shown, notes)
    if as_json:
        print_json(
            {
                "study": record.study_id,
                "reference": {"study": printed.study, "title": printed.title, "source": printed.source},
                "counts": verdict_counts(verdicts),
                "entries": [_facts(verdict) for verdict in shown],
            }
        )
    elif as_markdown:
        typer.echo(table.markdown())
        for text, letter in notes.items():
            typer.echo(f"\n({letter}) {text}")
    elif as_csv:
        typer.echo(table.csv(), nl=False)
    else:
        print_table(table.columns, table.text_rows(), title=f"{record.study_id} beside: {printed.title}")
        for text, letter in notes.items():
            note(f"({letter}) {text}")
    if not as_json:
        note(", ".join(f"{count} {name}" for name, count in verdict_counts(verdicts).items()))


def _facts(verdict: Verdict) -> dict[str, Any]:
    entry = verdict.entry
    return {
        "place": entry.place,
        "name": entry.name,
        "cell": dict(entry.cell),
        "config": dict(entry.config),
        "metric": entry.metric,
        "unit": entry.unit,
        "theirs": verdict.theirs,
        "ours": plain_number(verdict.ours),
        "half_width": verdict.half_width,
        "difference": verdict.difference,
        "runs": verdict.runs,
        "search": verdict.search,
        "verdict": str(verdict.outcome),
        "how": verdict.how,
        "note": entry.note,
    }
