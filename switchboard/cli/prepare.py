"""`switchboard prepare`: what is made once on a machine, so that no call has to wait for it."""

from __future__ import annotations

import typer

from switchboard.cli.output import fail


def register(app: typer.Typer) -> None:
    app.command()(prepare)


def prepare() -> None:
    """Write the table of areas (cities by telephone prefix) into SWITCHBOARD_CACHE, unless it is there."""
    import sqlite3

    from switchboard.call.area import table_path
    from switchboard.call.area_table import build, is_built
    from switchboard.cli.business import read_settings

    cache = read_settings().cache
    path = table_path(cache)
    if is_built(cache):
        typer.echo(f"areas: {path} is there")
        return
    typer.echo(f"areas: writing {path} (a few seconds)")
    try:
        build(cache)
    except (OSError, sqlite3.Error) as fault:
        fail(f"areas: {path} cannot be written ({fault}): set SWITCHBOARD_CACHE to a folder that can be")
    typer.echo(f"areas: {path.stat().st_size // 1_000_000} MB written")
