"""`switchboard schema`: what the routing file may hold, for editors."""

from __future__ import annotations

import typer

from switchboard.cli.output import print_json


def register(app: typer.Typer) -> None:
    app.command()(schema)


def schema() -> None:
    """Print the JSON Schema of the routing file, by which an editor completes and checks it."""
    from switchboard.files.schema import json_schema
    from switchboard.worker.routing_file import Sections

    print_json(json_schema(Sections))
