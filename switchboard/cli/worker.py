"""`switchboard start`: the worker."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    app.command()(start)


def start() -> None:
    """Start the worker and wait for calls (what the Dockerfile runs)."""
    from importlib import import_module

    from switchboard.cli.business import business_folder
    from switchboard.cli.output import fail
    from switchboard.livekit_api.internals import end_fork_server
    from switchboard.talk.agent_checks import told
    from switchboard.worker.launch import begin

    folder = business_folder()
    services = begin(folder)
    try:
        agent = import_module("agent")
    except Exception as fault:  # the business's own code: whatever it raises
        end_fork_server()
        fail(f"agent.py cannot be loaded: {told(folder, Path(), fault)}")
    agent.main(services)
