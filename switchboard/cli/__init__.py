"""The command line, `uv run switchboard …`. One file a group of commands; each registers on `app`.

Exit codes everywhere: 0 done, 1 the answer is no (a failing check, a call not answered), 2 wrong use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated

import typer
from typer.exceptions import TyperException

from switchboard.cli import (
    calls,
    check,
    customers,
    database,
    dial,
    doctor,
    explain,
    health,
    metadata,
    new,
    prepare,
    provision,
    rooms,
    schema,
    worker,
)
from switchboard.cli.output import WRONG_USE

_INTERRUPTED = 130  # as a shell says it

app = typer.Typer(
    name="switchboard",
    help="Answers telephone calls: one readable file decides which voice agent picks up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"switchboard {version('switchboard')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


worker.register(app)
check.register(app)
explain.register(app)
schema.register(app)
new.register(app)
health.register(app)
doctor.register(app)
provision.register(app)
dial.register(app)
rooms.register(app)
metadata.register(app)
customers.register(app)
calls.register(app)
database.register(app)
prepare.register(app)
# Callers and providers to try things with: they come with a checkout, not with the package.
if find_spec("lab") is not None:
    import_module("lab.commands").register(app)


def main() -> None:
    """The `switchboard` command. Wrong use gets one line, which says where to read more."""
    try:
        code = app(prog_name="switchboard", standalone_mode=False)
    except TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "switchboard")
        typer.echo(f"{command}: {error.format_message()} (see {command} --help)", err=True)
        sys.exit(WRONG_USE)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(_INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
