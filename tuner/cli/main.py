"""`tuner`: every verb in a file of its own, imported when it is called or its help is asked for."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup
from typer.main import get_command

from tuner.cli.common import DEBUG, guarded

if TYPE_CHECKING:
    from typer.core import TyperCommand

# In the order of their use. A module has a function `command`, or an `app` where the verb has verbs of its own.
VERBS = (
    "run",
    "validate",
    "plan",
    "data",
    "best",
    "trials",
    "show",
    "report",
    "compare",
    "verify",
    "figures",
    "export",
    "import",
    "ui",
    "sync",
    "gc",
    "ls",
    "schema",
)
MARKUP: Literal["rich"] = "rich"


class Verbs(TyperGroup):
    """The verbs as a group whose members are made on demand, so that one verb does not wait for the others."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  (Typer's signature)
        """The verbs' names in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The verb, made from its module; None if there is no such verb."""
        if cmd_name not in VERBS:
            self.commands.update(dict.fromkeys(VERBS, TyperGroup()))  # Typer looks at these names for what was meant
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _verb(cmd_name)
        return self.commands[cmd_name]


def _verb(name: str) -> TyperCommand:
    module = importlib.import_module(f"tuner.cli.{name}_" if keyword.iskeyword(name) else f"tuner.cli.{name}")
    verb: typer.Typer | None = getattr(module, "app", None)
    if verb is None:
        verb = typer.Typer(add_completion=False, rich_markup_mode=MARKUP, pretty_exceptions_enable=False)
        verb.command(name)(guarded(module.command))
    made: TyperCommand = get_command(verb)  # type: ignore[assignment]
    made.name = name
    return made


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=MARKUP,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 ran but failed, 2 wrong input, 130 interrupted (the same command goes on).",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("tuner"))
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Search hyperparameters as a study file says, and keep every trial in MLflow.

    Example: tuner run studies/quickstart.yaml
    """
    if debug:
        os.environ[DEBUG] = "1"


def main() -> None:
    """The console script: as `python -m` does, it finds modules of the current folder, after all others."""
    folder = str(Path.cwd())
    if "" not in sys.path and folder not in sys.path:
        sys.path.append(folder)
    app(prog_name="tuner")
