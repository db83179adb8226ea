"""The command line, `uv run switchboard …`. One file a group of commands; each registers on `app`.

Exit codes everywhere: 0 done, 1 the answer is no (a failing check, a call not answered), 2 wrong use.
"""

from __future__ import annotations

import typer

from switchboard.cli import (
    call,
    calls,
    customers,
    database,
    demo,
    dial,
    health,
    offline,
    prepare,
    provision,
    rooms,
    routing,
    worker,
)

app = typer.Typer(
    name="switchboard",
    help="Answers telephone calls: one readable file decides which voice agent picks up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
worker.register(app)
routing.register(app)
health.register(app)
provision.register(app)
dial.register(app)
rooms.register(app)
customers.register(app)
calls.register(app)
call.register(app)
demo.register(app)
database.register(app)
prepare.register(app)
offline.register(app)


def main() -> None:
    """The `switchboard` command."""
    app()
