"""The command line, `uv run switchboard …`. One file a group of commands; each registers on `app`.

Exit codes everywhere: 0 done, 1 the answer is no (a failing check, a call not answered), 2 wrong use.
"""

from __future__ import annotations

import typer

from switchboard.cli import health, provision, worker

app = typer.Typer(
    name="switchboard",
    help="Answers telephone calls: one readable file decides which voice agent picks up.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
worker.register(app)
health.register(app)
provision.register(app)


def main() -> None:
    """The `switchboard` command."""
    app()
