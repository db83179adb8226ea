"""`switchboard calls`: the record of each call."""

from __future__ import annotations

import json as jsonlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from switchboard.cli.arguments import duration, number_in, region_of
from switchboard.cli.database import with_database
from switchboard.cli.output import NO, console, fail, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchboard.records.record import CallRecord

_WIDE = 100  # characters in which the agents fit as well

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(invoke_without_command=True)
    group.callback()(calls)
    group.command()(show)
    app.add_typer(group, name="calls")


def calls(
    context: typer.Context,
    last: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 20,
    caller: Annotated[str | None, typer.Option("--from", help="Only of this number.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Only to this number.")] = None,
    route: Annotated[str | None, typer.Option(help="Only those that this route took.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only those that this agent answered.")] = None,
    cause: Annotated[str | None, typer.Option(help="Only those that ended so: refused, fault, …")] = None,
    since: Annotated[str | None, typer.Option(help="Only those of this last time: 90s, 30m, 6h, 2d.")] = None,
    json: AsJson = False,
) -> None:
    """The last calls, newest first: who, where to, who picked up, how long, how it ended."""
    if context.invoked_subcommand:
        return
    from switchboard.call.events import now
    from switchboard.records.read import Wanted, latest

    wanted = Wanted(
        from_number=number_in(caller, region_of(None)) if caller is not None else None,
        to_number=number_in(to, region_of(None)) if to is not None else None,
        route=route,
        agent=agent,
        cause=_cause(cause),
        since=now() - duration(since, "--since") if since is not None else None,
    )
    records = with_database(lambda engine: latest(engine, last, wanted))
    if json:
        print_json([_columns(record) for record in records])
    elif records:
        console.print(_table(records))
    else:
        console.print("no calls yet" if wanted == Wanted() else "no such calls")


def show(
    call: Annotated[str, typer.Argument(metavar="ID", help="The call's ID, or enough of its beginning.")],
    every_row: Annotated[bool, typer.Option("--all", help="Show every row that was looked at.")] = False,
    json: AsJson = False,
) -> None:
    """One call: who, what came of it, what happened and when, what was known and who said so, and why."""
    from switchboard.cli.record import show_record
    from switchboard.records.read import by_id

    found = with_database(lambda engine: by_id(engine, call))
    if not found:
        fail(f'no call has the ID "{call}": switchboard calls lists them', NO)
    if len(found) > 1:
        fail(f'several calls have an ID that begins with "{call}": write more of it')
    if json:
        print_json(_columns(found[0]))
    else:
        show_record(console, found[0], every_row=every_row)


def _cause(text: str | None) -> str | None:
    from switchboard.call.causes import Cause
    from switchboard.files.suggest import suggest

    if text is not None and text not in list(Cause):
        fail(f'--cause "{text}" is none {suggest(text, list(Cause))}')
    return text


def _columns(record: CallRecord) -> dict[str, Any]:
    from switchboard.records.row import COLUMNS, to_json

    return jsonlib.loads(to_json({name: getattr(record, name) for name in COLUMNS}))


def _table(records: Sequence[CallRecord]) -> Table:
    from switchboard.cli.record import lasted

    here = datetime.now().astimezone().tzinfo  # one offset for all: the clock may have been changed between two calls
    wide = console.width >= _WIDE
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("ID", f"began ({datetime.now(here):%Z})", "from", "to"):
        table.add_column(name, no_wrap=True)  # what one copies must be whole
    table.add_column("lasted", justify="right", no_wrap=True)
    for name in ("route", *(["agent"] if wide else []), "ended"):
        table.add_column(name)
    for record in records:
        agent = [record.agent or record.refusal or "-"] if wide else []
        cells = (
            str(record.id)[:8],
            f"{record.started_at.astimezone(here):%m-%d %H:%M}",
            record.from_number or record.from_raw or "-",
            record.to_number or record.to_raw or "-",
            lasted(record),
            record.route or "-",
            *agent,
            (record.cause or "-").replace("_", " "),
        )
        table.add_row(*map(escape, cells))
    return table
