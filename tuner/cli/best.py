"""`tuner best`: the best model of each search."""

from __future__ import annotations

from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json, print_table
from tuner.cli.stored import StoredStudyArgument, TrackingUriOption, find_study, search_facts


def command(
    study: StoredStudyArgument,
    home: HomeOption = DEFAULT_HOME,
    tracking_uri: TrackingUriOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the best trial of each search, chosen on validation data, with its test metrics where they were measured.

    Example: tuner best quickstart
    """
    from results.summary import summary

    store, record = find_study(study, home, tracking_uri)
    outcomes = store.outcomes(record.study_id)
    if as_json:
        print_json(
            {
                "study": record.study_id,
                "metric": record.metric,
                "mode": record.mode,
                "tracking_uri": store.uri,
                "searches": [search_facts(outcome) for outcome in outcomes],
            }
        )
        return
    table = summary(outcomes)
    print_table(table.columns, table.text_rows(), title=f"{record.study_id}: best by {record.metric} ({record.mode})")
    for outcome in outcomes:
        if outcome.best_trial is None:
            note(f"{outcome.search.key}: no trial succeeded; `tuner trials {record.study_id}` says why")
