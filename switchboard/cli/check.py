"""`switchboard check`: the routing file, tried without a call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from switchboard.cli.business import read_routing_file, read_settings
from switchboard.cli.output import NO, print_json

if TYPE_CHECKING:
    pass

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The routing file (else SWITCHBOARD_CONFIG, switchboard.toml).")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    app.command()(check)


def check(config: ConfigOption = None, as_json: JsonFlag = False) -> None:
    """Check the routing file and run its test rows. Exit 2 for faults in the file, 1 for a failing row."""
    from switchboard.routing.examples import failures, unreached

    path = config or read_settings().config
    read = read_routing_file(path, as_json=as_json)
    failed = [f"{path.name}:{test.line}: {message}" for test, message in failures(read.table, read.tests)]
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
                "fingerprint": read.fingerprint,
            }
        )
    else:
        for message in failed:
            typer.echo(message, err=True)
        for name in without:
            typer.echo(f'{path.name}: no test row reaches "{name}" (warning): add a [[test]] for it', err=True)
        result = "all pass" if not failed else f"{len(failed)} failed"
        typer.echo(f"{path.name}: {_count(routes, 'route')} and a default, {_count(tests, 'test')}, {result}.")
    if failed:
        raise typer.Exit(NO)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
