"""The lab's own commands: a call without a telephone, the demonstration, the stand-ins alone."""

from __future__ import annotations

import typer

from lab.commands import call, demo, offline


def register(app: typer.Typer) -> None:
    """Called by `switchboard.cli`, where the lab is there."""
    call.register(app)
    demo.register(app)
    offline.register(app)
