"""`tuner gc`: remove what nobody needs any more."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from disk import readable_bytes
from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json, print_table
from tuner.errors import InputError, Problem


def command(
    home: HomeOption = DEFAULT_HOME,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    unused_days: Annotated[
        float, typer.Option(help="Prepared data goes if nothing has read it for so many days.", min=0)
    ] = 30,
    as_json: JsonOption = False,
) -> None:
    """Remove what runs have left in a home: replaced generations, Ray's files and logs, half written files, old caches.

    Never what the store has, what a study needs to go on, or what another process holds.

    Example: tuner gc --dry-run
    """
    from tuner.gc import sweep
    from tuner.home import Home

    if not home.is_dir():
        raise InputError([Problem((), "must be a home where something was run", str(home), option="--home")])
    found = sweep(Home(home.absolute()), dry_run=dry_run, unused_days=unused_days)
    if as_json:
        print_json(
            {
                "home": str(home.absolute()),
                "removed": found.removed,
                "bytes": found.bytes,
                "leftovers": [_plain(leftover) for leftover in found.leftovers],
                "spared": [_plain(spared) for spared in found.spared],
            }
        )
        return
    rows = [(readable_bytes(item.bytes), str(item.path), item.why) for item in found.leftovers]
    if rows:
        print_table(("size", "what", "why"), rows)
    for spared in found.spared:
        note(f"stays: {spared.path}: {spared.why}")
    verb = "freed" if found.removed else "would free"
    typer.echo(f"{verb} {readable_bytes(found.bytes)} in {len(rows)} places")


def _plain(item: Any) -> dict[str, Any]:
    return {**vars(item), "path": str(item.path)}
