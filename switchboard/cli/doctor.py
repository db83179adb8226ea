"""`switchboard doctor`: is everything there that a call needs? Each line says what to do."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Look at server, clock, certificate, trunks, keys, models, database and disk: exit 0 only when all is well."""
    import asyncio
    from dataclasses import asdict

    from switchboard.cli.business import read_routing_file, read_settings
    from switchboard.cli.output import NO, console, fail, print_json
    from switchboard.database.engine import BadDatabaseURL, make_engine
    from switchboard.worker.examination import Patient, examine

    settings = read_settings()
    file = read_routing_file(settings.config, as_json=as_json)
    try:
        engine = make_engine(settings.database_url)
    except BadDatabaseURL as fault:
        fail(str(fault))
    name = settings.livekit_agent_name or file.worker.agent_name
    findings = asyncio.run(examine(Patient(settings, file, engine, name)))
    well = all(finding.well for finding in findings)
    if as_json:
        print_json({"ok": well, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            mark = "[green]✓[/green]" if finding.well else "[red]✗[/red]"
            console.print(f"{mark} {finding.part:<12}", end="")
            console.print(finding.text, markup=False, highlight=False, soft_wrap=True)
    if not well:
        raise typer.Exit(NO)
