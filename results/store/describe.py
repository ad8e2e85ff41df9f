"""The Markdown texts of the model registry: how good a model is, how it was configured, where it comes from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from results.records import SearchOutcome, TrialRecord
from results.samples import final_values, tested_metric
from results.statistics import mean_half_width
from results.tables import cell_text, markdown_line

MAX_DESCRIPTION = 4_900  # a version's holds 5,000 characters
_MAX_CONFIGURATION = 1_500
_MAX_TESTS = 12  # metrics of the test split; all of them are in the runs


def version_note(outcome: SearchOutcome, final: TrialRecord | None, links: Mapping[str, str]) -> str:
    """What a registered version's page says of it.

    outcome: the search whose best trial it is of, with test metrics and final runs. final: the final run whose model it
    is, None if it is the trial's own. links: addresses by the id of a trial, final run or search; an id without one
    stands as it is. Raises ValueError if no trial succeeded.
    """
    search, trial, best = outcome.search, outcome.best_trial, outcome.best_result
    if trial is None or best is None:
        raise ValueError(f"a model must have a trial, but none of {search.search_id} succeeded")

    def named(identity: str) -> str:
        return f"[`{identity}`]({links[identity]})" if identity in links else f"`{identity}`"

    data = "test" if search.selected_on_test else "validation"
    scored = f"chosen on {data} data: step {best.step} of the best of {len(outcome.trials)} trials"
    tests, more = _tested(outcome), len(outcome.test_metrics) - _MAX_TESTS
    first = tests[0] if tests else ("", "", "")
    headline = f"{search.metric} {best.metrics[search.metric]:.6g}"
    lines = [
        f"{headline}, {first[0]} {first[1]}" if tests else headline,  # all that the list of versions shows
        "",
        markdown_line(("metric", "value", "of")),
        markdown_line(("---",) * 3),
        markdown_line((search.metric, f"{best.metrics[search.metric]:.6g}", scored)),
        *map(markdown_line, tests),
        "",
        *([f"{more} more test metrics are in the search's run.", ""] if more > 0 else []),
        f"Configuration: {cell_text({**search.cell, **trial.config})[:_MAX_CONFIGURATION]}",
        "",
        f"Best trial {named(trial.trial_id)} of search {named(search.search_id)}.",
    ]
    if final is not None:
        lines[-1] += f" The model is that of {named(final.trial_id)}: trained anew with seed {final.seed}, "
        lines[-1] += "on training and validation images."
    text = "\n".join(lines)
    return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 5]}[...]"


def model_note(outcome: SearchOutcome, version: str, value: float) -> str:
    """What a registered model's page says: which search it is of, and its champion."""
    search = outcome.search
    return (
        f"The best model of search `{search.search_id}` by {search.metric} ({search.mode}). "
        f"Champion: version {version}, {search.metric} {value:.6g}."
    )


def _tested(outcome: SearchOutcome) -> list[tuple[str, str, str]]:
    """Name, value and origin of some test metrics, the one that the search's metric is on the test split first."""
    first = tested_metric(outcome.search)
    names = sorted(outcome.test_metrics, key=lambda name: (name != first, name.count("/")))
    rows = []
    for name in names[:_MAX_TESTS]:
        values = final_values(outcome, name)
        half = mean_half_width(values)
        mean = f"{fmean(values) if values else outcome.test_metrics[name]:.6g}"
        if half is not None:
            rows.append((name, f"{mean} ± {half:.2g}", f"mean and 95% interval over {len(values)} final runs"))
        else:
            rows.append((name, mean, "one final run" if values else "measured once, after the choice"))
    return rows
