"""`switchboard start`: the worker."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    app.command()(start)


def start() -> None:
    """Start the worker and wait for calls (what the Dockerfile runs)."""
    from importlib import import_module

    from switchboard.cli.business import business_folder
    from switchboard.worker.launch import begin

    services = begin(business_folder())
    import_module("agent").main(services)
