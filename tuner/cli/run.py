"""`tuner run`: search, or go on searching."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from results.redaction import redacted
from results.report.links import LOCAL_UI, ui_of
from results.summary import summary
from tuner.cli.common import (
    DEFAULT_HOME,
    DataDirOption,
    HomeOption,
    JsonOption,
    OnlyOption,
    SetOption,
    StudyArgument,
    complain,
    data_folder,
    note,
    picked,
    print_json,
    print_table,
    read_study,
)
from tuner.cli.stored import search_facts
from tuner.errors import ClusterLost, InputError, Interrupted, Problem, RunError
from tuner.home import Home

if TYPE_CHECKING:
    from tuner.run import RunResult


def command(
    study: StudyArgument,
    only: OnlyOption = None,
    overrides: SetOption = None,
    name: Annotated[
        str | None, typer.Option(help="Another name for the study, so that it is another study.", show_default=False)
    ] = None,
    data_dir: DataDirOption = None,
    home: HomeOption = DEFAULT_HOME,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew; the old runs are kept.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a study, or go on where it stopped; a finished one is left as it is.

    Every trial is recorded in the home's MLflow store, the best model of each search is registered there.

    Example: tuner run studies/quickstart.yaml --only loss=cosine --set search.trials=4
    """
    from tuner.cli.live import RunConsole, RunDisplay
    from tuner.run import run

    read = read_study(study, overrides, name=name)
    if read.cluster not in ("local", "auto"):
        raise typer.Exit(_submit(Path(read.cluster), sys.argv[1:]))
    console = RunConsole(stderr=as_json, highlight=False)
    try:
        with RunDisplay(console) as display:
            result = run(
                read,
                only=picked(read, only),
                home=home,
                data_dir=data_folder(data_dir, home),
                fresh=fresh,
                progress=display,
            )
    except (Interrupted, ClusterLost) as stopped:
        complain(str(stopped))
        note(f"Go on with: {_resume_command(sys.argv)}")
        if isinstance(stopped, ClusterLost):
            sys.stderr.flush()
            os._exit(stopped.exit_code)  # Ray's threads wait for their head
        raise typer.Exit(stopped.exit_code) from None
    _end(result, home, as_json=as_json)


def _end(result: RunResult, home: Path, *, as_json: bool) -> None:
    """Tell what a run came to; exit code 1 if a search failed or the store lacks something."""
    if as_json:
        print_json(facts(result))
    else:
        _tell(result, home)
    if result.undelivered is not None:
        complain(
            f"NOT EVERYTHING REACHED {result.tracking_uri}: {result.undelivered}.\n"
            f"Nothing is lost. Deliver it with: {_sync_command(result.study_id, home)}"
        )
    if not result.ok:
        raise typer.Exit(1)


def _submit(launcher: Path, words: list[str]) -> int:
    """Run this same command as a job of the cluster that a launcher file describes; its exit status."""
    from cluster.errors import ClusterError, LauncherError
    from cluster.submit import submit

    try:
        return submit(launcher, [*words, "--set", "cluster=auto"])
    except LauncherError as error:
        raise InputError(
            [
                Problem(wrong.path, wrong.rule, wrong.given, wrong.choices, file=str(launcher))
                for wrong in error.violations
            ]
        ) from error
    except ClusterError as error:
        raise RunError(str(error)) from error


def _resume_command(argv: list[str]) -> str:
    """The command that goes on: the same one, without what would start anew."""
    return shlex.join(["tuner", *(word for word in argv[1:] if word != "--fresh")])


def _sync_command(study_id: str, home: Path) -> str:
    """The command that delivers what waits of a study."""
    return shlex.join(["tuner", "sync", study_id.partition("#")[0], *_at_home(home)])


def _at_home(home: Path) -> list[str]:
    return [] if home == DEFAULT_HOME else ["--home", str(home)]


def _where_to_look(result: RunResult, home: Path) -> tuple[str, str]:
    """The command that lists the trials, and what shows them in a browser, empty where that is not ours to say."""
    trials = ["tuner", "trials", result.study_id]
    if result.tracking_uri == Home(home.absolute()).tracking_uri:
        return shlex.join([*trials, *_at_home(home)]), shlex.join(["tuner", "ui", *_at_home(home)])
    uri = redacted(result.tracking_uri)
    server = ui_of(uri)
    return shlex.join([*trials, "--tracking-uri", uri]), "" if server == LOCAL_UI else server


def facts(result: RunResult) -> dict[str, Any]:
    """What --json prints."""
    return {
        "study": result.study_id,
        "ran": result.ran,
        "ok": result.ok,
        "elapsed_s": round(result.elapsed_s, 3),
        "tracking_uri": result.tracking_uri,
        "undelivered": result.undelivered,
        "searches": [
            {**search_facts(found.outcome), "ended_by": found.ended_by, "error": found.error}
            for found in result.searches
        ],
    }


def _tell(result: RunResult, home: Path) -> None:
    """The best table, what went wrong, and where to look further."""
    trials, browser = _where_to_look(result, home)
    table = summary([found.outcome for found in result.searches])
    print_table(table.columns, table.text_rows())
    for found in result.searches:
        if found.error is not None:
            complain(f"{found.outcome.search.key}: {found.error}")
        elif not found.ok:
            complain(f"{found.outcome.search.key}: no trial succeeded; `{trials}` says why")
    if not result.ran:
        typer.echo(
            f"study {result.study_id} was finished before: nothing to do (more --set search.trials=N, or --fresh)"
        )
    typer.echo(f"every trial:    {trials}")
    if browser:
        typer.echo(f"in the browser: {browser}")
    typer.echo(f"took {result.elapsed_s:.0f} s")
