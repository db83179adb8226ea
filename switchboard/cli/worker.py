"""`switchboard start`: the worker."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    app.command()(start)


def start() -> None:
    """Start the worker and wait for calls (what the Dockerfile runs)."""
    from switchboard.launch import begin

    begin()
    import agent

    agent.main()
