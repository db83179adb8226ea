"""`switchboard health`: does the worker on this machine take calls, or only live? For supervisors and for people."""

from __future__ import annotations

from typing import Annotated

import typer

from switchboard.cli.output import NO, fail

_ANSWERS_WITHIN = 3.0  # s


def register(app: typer.Typer) -> None:
    app.command()(health)


def health(
    port: Annotated[
        int | None,
        typer.Option(help="The worker's health port; SWITCHBOARD_HEALTH_PORT or its default where not given."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask only whether it works, whatever LiveKit does.")] = False,
) -> None:
    """Say whether the worker on this machine takes calls: exit 0 only when it is registered with LiveKit. With --live
    also while it drains, or waits for LiveKit: what fails then should be started anew, and nothing else should."""
    import httpx

    from switchboard.cli.business import read_settings

    settings = read_settings()
    # Who listens on all interfaces is asked on this machine's own.
    host = settings.health_host if settings.health_host not in ("0.0.0.0", "::") else "127.0.0.1"
    where = f"[{host}]" if ":" in host else host
    url = f"http://{where}:{settings.health_port if port is None else port}/{'live' if live else 'ready'}"
    try:
        response = httpx.get(url, timeout=_ANSWERS_WITHIN, trust_env=False)
    except httpx.HTTPError:
        fail(f"no worker answers at {url}: start one with `switchboard start`, or name its port with --port", NO)
    if response.status_code != 200:
        fail(f"the worker is up, but takes no calls: {response.text.strip() or response.status_code}", NO)
    typer.echo("live" if live else "registered")
