"""`switchboard check`: the routing file, tried without a call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from switchboard.cli.business import check_business, read_routing_file, read_settings
from switchboard.cli.output import NO, print_json

if TYPE_CHECKING:
    from switchboard.worker.routing_file import RoutingFile

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The routing file (else SWITCHBOARD_CONFIG, switchboard.toml).")
]
OnlineFlag = Annotated[bool, typer.Option("--online", help="Ask the providers too: their addresses, keys and models.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    app.command()(check)


def check(config: ConfigOption = None, online: OnlineFlag = False, as_json: JsonFlag = False) -> None:
    """Check the routing file and run its test rows. Exit 2 for faults in the file, 1 for a failing row or provider."""
    from switchboard.routing.examples import failures, unreached

    path = config or read_settings().config
    read = read_routing_file(path, as_json=as_json)
    warnings = [*check_business(read, as_json=as_json), *_trunk_warnings(path.parent / "trunks.toml")]
    failed = [f"{path.name}:{test.line}: {message}" for test, message in failures(read.table, read.tests)]
    failed += _provider_troubles(read) if online else []
    without = unreached(read.table, read.tests)
    routes, tests = len(read.table.routes), len(read.tests)
    if as_json:
        print_json(
            {
                "ok": not failed,
                "routes": routes,
                "tests": tests,
                "errors": [],
                "failed": failed,
                "unreached": without,
                "warnings": warnings,
                "agents": {name: {"name": speech.name, **speech.models()} for name, speech in read.sounds().items()},
                "fingerprint": read.fingerprint,
            }
        )
    else:
        for message in failed:
            typer.echo(message, err=True)
        for warning in warnings:
            typer.echo(warning, err=True)
        for name in without:
            typer.echo(f'{path.name}: no test row reaches "{name}" (warning): add a [[test]] for it', err=True)
        for name, speech in read.sounds().items():
            models = ", ".join(f"{part} {model}" for part, model in speech.models().items() if part != "stt")
            typer.echo(f"agent {name} speaks by telephone with {models} unless its route says otherwise.")
        result = "all pass" if not failed else f"{len(failed)} failed"
        typer.echo(f"{path.name}: {_count(routes, 'route')} and a default, {_count(tests, 'test')}, {result}.")
    if failed:
        raise typer.Exit(NO)


def _trunk_warnings(file: Path) -> list[str]:
    """What in trunks.toml beside the routing file is probably not meant, as `provision` says it."""
    from switchboard.trunks.reading import trunk_warnings

    return [f"{warning} (warning)" for warning in trunk_warnings(file)]


def _provider_troubles(file: RoutingFile) -> list[str]:
    """Keys that are not set, plug-ins that cannot be made, and what is wrong with the servers that can be asked."""
    import asyncio

    from switchboard.worker.examination import missing_keys, provider_troubles

    settings = read_settings()
    return [*missing_keys(settings, file), *asyncio.run(provider_troubles(settings, file))]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
