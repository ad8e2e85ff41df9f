"""`tuner sync`: deliver what a run could not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, complain, print_json, read_study
from tuner.names import is_file


def command(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="A study file, or the name of a study that was run.", show_default=False),
    ],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Deliver to MLflow what a run left on the disk because MLflow was away. A second time there is nothing to do.

    Example: tuner sync quickstart
    """
    from tuner.sync import sync

    from_file = study.endswith((".yaml", ".yml")) or is_file(study)
    found = sync(read_study(Path(study)).name if from_file else study, home=home)
    if as_json:
        print_json({"studies": [{**asdict(synced), "ok": not synced.after} for synced in found]})
    else:
        for synced in found:
            typer.echo(f"{synced.study_id}: {_told(synced.before, synced.after)}")
            if synced.after:
                complain(f"{synced.after} still wait for {synced.tracking_uri}: {synced.refusal}")
    if any(synced.after for synced in found):
        raise typer.Exit(1)


def _told(before: object, after: object) -> str:
    if not before:
        return "nothing was waiting"
    return f"delivered {before}" if not after else f"{before} were waiting"
