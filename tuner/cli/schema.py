"""`tuner schema`: the JSON Schema of a study file."""

from __future__ import annotations

import json

import typer


def command() -> None:
    """Print the JSON Schema of a study file, for editors that complete and check YAML.

    Example: tuner schema > study.schema.json, then begin a study with
    # yaml-language-server: $schema=study.schema.json
    """
    from tuner.shapes import study_schema

    typer.echo(json.dumps(study_schema(), indent=2))
