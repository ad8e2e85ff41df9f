"""`tuner data`: which data sets are here, how to get the others, whether they are whole."""

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
    data_folder,
    guarded,
    note,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from trainables.data.inventory import DataStatus

app = typer.Typer(no_args_is_help=True, help="List, fetch and check data sets.")
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Data sets.", show_default=False)]


@app.command("ls")
@guarded
def list_command(data_dir: DataDirOption = None, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List the named data sets and whether their files are here. Nothing is read.

    Example: tuner data ls --data-dir ~/data
    """
    from trainables.data.inventory import inventory

    folder = data_folder(data_dir, home)
    _tell(inventory(folder), folder, as_json=as_json)


@app.command("check")
@guarded
def check_command(
    names: Names = None,
    data_dir: DataDirOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Read every byte and compare with the published checksums. Without names: those that are here.

    Example: tuner data check MNIST FashionMNIST
    """
    from trainables.data.inventory import check, inventory

    folder = data_folder(data_dir, home)
    here = [status.name for status in inventory(folder) if status.present]
    statuses = [check(name, folder) for name in _known(names) or here]
    _tell(statuses, folder, as_json=as_json)
    if any(not status.present or status.verified is False for status in statuses):
        raise typer.Exit(1)


@app.command("fetch")
@guarded
def fetch_command(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Data sets to fetch.", show_default=False)],
    data_dir: DataDirOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Download data sets by torchvision and check them; those that are here and whole are left alone.

    Example: tuner data fetch KMNIST CIFAR100
    """
    from trainables.data.errors import DataError
    from trainables.data.inventory import fetch
    from tuner.errors import RunError

    folder = data_folder(data_dir, home)
    folder.mkdir(parents=True, exist_ok=True)
    statuses, failures = [], []
    for name in _known(names):
        if not as_json:
            note(f"{name}: fetching into {folder}")
        try:
            statuses.append(fetch(name, folder))
        except DataError as error:
            failures.append(str(error))
    _tell(statuses, folder, as_json=as_json)
    if failures:
        raise RunError("\n".join(failures))


def _known(names: list[str] | None) -> list[str]:
    from trainables.data.registry import NAMED
    from tuner.errors import InputError, Problem

    problems = [Problem((), "is not a named data set", name, NAMED) for name in names or () if name not in NAMED]
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(names or ()))


def _tell(statuses: list[DataStatus], folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"data_dir": str(folder), "data_sets": [_facts(status) for status in statuses]})
        return
    words: dict[bool | None, str] = {True: "verified", False: "damaged", None: "not verified"}
    rows = [
        (status.name, "here" if status.present else "missing", words[status.verified], status.bytes, status.note)
        for status in statuses
    ]
    print_table(("data set", "files", "checksums", "bytes", "note"), rows)


def _facts(status: DataStatus) -> dict[str, Any]:
    return {**asdict(status), "files": [str(path) for path in status.files]}
