"""How commands speak: results on stdout (JSON where asked), faults on stderr, one line each."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

import typer
from rich.console import Console

console = Console()
errors = Console(stderr=True)

NO = 1
WRONG_USE = 2


def print_json(value: Any) -> None:
    """`value` as one indented JSON document on stdout."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def fail(message: str, code: int = WRONG_USE) -> NoReturn:
    """Say what is wrong on stderr and exit."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def leave(code: int) -> NoReturn:
    """End the process of a command that took part in a call.

    At once, when all is said: LiveKit's native client now and then aborts while the interpreter takes itself apart, and
    then the exit code would be the abort's.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
