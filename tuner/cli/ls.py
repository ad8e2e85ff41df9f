"""`tuner ls`: what a study may name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.cli.common import JsonOption, print_json, print_table


class Kind(StrEnum):
    """What can be listed."""

    STUDIES = "studies"
    TRAINABLES = "trainables"
    DATASETS = "datasets"
    MODELS = "models"
    LOSSES = "losses"
    RULES = "rules"
    STRATEGIES = "strategies"
    ADJUSTMENTS = "adjustments"
    SEARCHERS = "searchers"
    SCHEDULERS = "schedulers"
    STOPPERS = "stoppers"
    PRESETS = "presets"


_CATALOGUE = {
    Kind.TRAINABLES: ("trainables",),
    Kind.DATASETS: ("datasets",),
    Kind.MODELS: ("models",),
    Kind.LOSSES: ("losses",),
    Kind.RULES: ("decision_rules", "fitted_rules"),
    Kind.STRATEGIES: ("strategies",),
    Kind.ADJUSTMENTS: ("adjustments",),
}
_WITH_OPTIONS = ("trainables", "losses", "strategies", "adjustments")
_PLUGINS = {Kind.SEARCHERS: "searcher", Kind.SCHEDULERS: "scheduler", Kind.STOPPERS: "stopper"}


def command(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=f"One of {', '.join(Kind)}.", show_default=False)],
    folder: Annotated[Path, typer.Option(help="Where study files are looked for.")] = Path("studies"),
    as_json: JsonOption = False,
) -> None:
    """List what a study may name, with options and defaults.

    Example: tuner ls losses
    """
    rows = _rows(kind, folder)
    if as_json:
        print_json({"kind": kind.value, "entries": rows})
        return
    columns = list(rows[0]) if rows else ["name"]
    print_table(columns, [[_shown(row[column]) for column in columns] for row in rows])


def _rows(kind: Kind, folder: Path) -> list[dict[str, Any]]:
    if kind is Kind.STUDIES:
        return _studies(folder)
    if kind is Kind.PRESETS:
        from search_spaces.presets import load_preset, preset_names

        return [{"name": name, "parameters": list(load_preset(name))} for name in preset_names()]
    if kind in _PLUGINS:
        return _plugins(_PLUGINS[kind])
    return [row for catalogue in _CATALOGUE[kind] for row in _catalogue(catalogue)]


def _studies(folder: Path) -> list[dict[str, Any]]:
    from tuner.load import inspect

    rows = []
    for path in sorted(folder.glob("*.yaml")):
        study, problems = inspect(path)
        rows.append(
            {
                "name": study.name if study else None,
                "file": str(path),
                "searches": len(study.cells()) if study else None,
                "trials": study.search.trials if study else None,
                "problems": len(problems),
            }
        )
    return rows


def _plugins(kind: str) -> list[dict[str, Any]]:
    from tuner.options.plugin import PLUGINS

    rows = []
    for name, model in sorted(PLUGINS[kind].items()):  # type: ignore[index]  # a plain str is one of its keys
        fields = model.model_fields.items()
        options = {field: "required" if info.is_required() else info.default for field, info in fields}
        rows.append({"name": name, "options": options, "about": _first_line(model.__doc__)})
    return rows


def _catalogue(kind: str) -> list[dict[str, Any]]:
    from trainables import catalog

    rows = []
    for name in catalog.names(kind):
        row: dict[str, Any] = {"name": f"{name}PATH" if name.endswith(":") else name}
        if kind in _WITH_OPTIONS:
            row["options"] = _options(kind, name)
        rows.append({**row, "about": _about(catalog.resolve(kind, name))})
    return rows


def _options(kind: str, name: str) -> dict[str, Any]:
    """A loss's parameters, or what a study may set of a trainable, with the defaults."""
    from trainables import catalog
    from trainables.options import describe

    if kind == "trainables":
        options = catalog.options_class(name)
        infos = [info for info in (describe(options) if options else ()) if not info.owners]
        return {info.name: _default(info) for info in infos}
    signature = catalog.signature(kind, name)
    return {parameter.name: _default(parameter) for parameter in (signature.options if signature else ())}


def _default(parameter: Any) -> Any:
    from trainables.signatures import MISSING

    return "required" if parameter.default is MISSING else parameter.default


def _about(reference: str) -> str:
    """The first line of the documentation behind a catalogue entry, read from its source."""
    import ast

    from trainables.static_source import NotFoundError, find_definition, find_module, split_reference

    try:
        module, attribute = split_reference(reference)
        definition = find_definition(find_module(module), attribute)
    except NotFoundError:
        return ""
    return _first_line(ast.get_docstring(definition)) if definition is not None else ""


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _shown(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(name if default == "required" else f"{name}={default}" for name, default in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value
