"""What the verbs share: their options, how problems are told, and nothing but JSON on stdout under --json."""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from disk import DiskFullError, means_full
from results import homes
from results.redaction import redacted
from tuner.errors import InputError, TunerError

if TYPE_CHECKING:
    from tuner.study import Study

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file.", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Replace one value of the study; may be repeated."),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="FACTOR=V1,V2", help="Pick values of one factor of the grid; may be repeated."),
]
HomeOption = Annotated[
    Path,
    typer.Option(envvar=homes.HOME_VARIABLE, help="Where everything is written: mlflow.db, models, prepared data."),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        envvar="TUNER_DATA",
        help="Raw data sets, in torchvision's layout; by default `raw` in the home.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]

DEFAULT_HOME = Path(homes.DEFAULT_HOME)
DEBUG = "TUNER_DEBUG"
_FAILED = 1


def data_folder(data_dir: Path | None, home: Path) -> Path:
    """The absolute folder of raw data sets: as given, else `raw` in the home."""
    return (data_dir if data_dir is not None else home / "raw").absolute()


def read_study(path: Path, overrides: Sequence[str] | None = None, *, name: str | None = None) -> Study:
    """Load a study file as the command line asks for it. name: replaces the study's own. Raises InputError."""
    from tuner.load import load_study

    renamed = [] if name is None else [f"name={json.dumps(name)}"]
    return load_study(path, overrides=[*(overrides or ()), *renamed])


def picked(study: Study, only: Sequence[str] | None) -> dict[str, list[Any]]:
    """What the `--only` options keep, factor by factor. Raises InputError with every problem."""
    from tuner.only import parse_only

    return parse_only(study, only or ())


def print_json(facts: Mapping[str, Any]) -> None:
    """Print facts on stdout, keys in their given order; addresses without their passwords."""
    typer.echo(redacted(json.dumps(facts, indent=2, ensure_ascii=False, default=str)))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table on stdout; tab-separated lines where stdout is not a terminal. Columns of numbers align right."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in [columns, *texts]:
            typer.echo("\t".join(line))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float | None) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for text in texts:
        table.add_row(*text)
    Console(highlight=False, markup=False).print(table)


def note(text: str) -> None:
    """Tell something on stderr that is no result; addresses without their passwords."""
    _say(text)


def complain(text: str) -> None:
    """Tell a problem on stderr, in red where that is a terminal; addresses without their passwords."""
    _say(text, color="red" if sys.stderr.isatty() else None)


def _say(text: str, *, color: str | None = None) -> None:
    try:
        typer.secho(redacted(text), err=True, fg=color)
    except BrokenPipeError:  # as in `2>&1 | tee log`, which the same Ctrl-C ends
        discard(sys.stderr)


def discard(stream: IO[str]) -> None:
    """Let what waits to be written to a stream that nobody reads any more, and all that follows, go nowhere."""
    with suppress(OSError, ValueError):  # it has no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The command with its failures told in words, and the exit codes 0, 1, 2 and 130."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except InputError as error:
            for problem in error.problems:
                complain(problem.format())
            raise typer.Exit(error.exit_code) from None
        except TunerError as error:
            complain(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            complain("interrupted")
            raise typer.Exit(130) from None
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001  (the last resort: a person reads one line, not a stack)
            if means_full(error):
                complain(_full(error))
            else:
                _tell_unexpected(error)
            raise typer.Exit(_FAILED) from None

    return run


def _full(error: Exception) -> str:
    """A full disk in words; libraries that write themselves name the file at most, and often only in their cause."""
    if isinstance(error, DiskFullError):
        return str(error)
    file = getattr(error, "filename", None)
    return f"the disk is full: {file if file is not None else error}. Make room, and give the same command again"


def _tell_unexpected(error: Exception) -> None:
    if os.environ.get(DEBUG):
        complain("".join(traceback.format_exception(error)))
        return
    complain(f"{type(error).__name__}: {error}")
    note("This should not have happened. `tuner --debug ...` shows where it did.")
