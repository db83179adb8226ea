"""`switchboard calls`: the record of each call."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.markup import escape
from rich.table import Table

from switchboard.cli.database import with_database
from switchboard.cli.output import NO, console, fail, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from switchboard.records.record import CallRecord

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(invoke_without_command=True)
    group.callback()(calls)
    group.command()(show)
    app.add_typer(group, name="calls")


def calls(
    context: typer.Context,
    last: Annotated[int, typer.Option(help="How many.", min=1, max=10_000)] = 20,
    json: AsJson = False,
) -> None:
    """The last calls, newest first: who, where to, who picked up, how it ended."""
    if context.invoked_subcommand:
        return
    from switchboard.records.read import latest

    records = with_database(lambda engine: latest(engine, last))
    if json:
        print_json([_columns(record) for record in records])
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("ID", "started", "from", "to"):
        table.add_column(name, no_wrap=True)  # what one copies must be whole
    for name in ("route", "agent", "ended"):
        table.add_column(name)
    for record in records:
        table.add_row(*(escape(cell) for cell in _summary(record)))
    console.print(table if records else "no calls yet")


def show(
    call: Annotated[str, typer.Argument(metavar="ID", help="The call's ID, or enough of its beginning.")],
    json: AsJson = False,
) -> None:
    """One call: what was known and who said so, what was decided and why, what changed, how it ended."""
    from switchboard.records.read import by_id

    found = with_database(lambda engine: by_id(engine, call))
    if not found:
        fail(f'no call has the ID "{call}": switchboard calls lists them', NO)
    if len(found) > 1:
        fail(f'several calls have an ID that begins with "{call}": write more of it')
    if json:
        print_json(_columns(found[0]))
    else:
        for line in _lines(found[0]):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def _columns(record: CallRecord) -> dict[str, Any]:
    from switchboard.records.row import COLUMNS, to_json

    return jsonlib.loads(to_json({name: getattr(record, name) for name in COLUMNS}))


def _summary(record: CallRecord) -> tuple[str, ...]:
    return (
        str(record.id)[:8],
        f"{record.started_at:%m-%d %H:%M}",
        record.from_number or record.from_raw or "-",
        record.to_number or record.to_raw or "-",
        record.route or "-",
        record.agent or record.refusal or "-",
        record.end_reason or "-",
    )


def _after(record: CallRecord, at: datetime | None) -> str:
    return f"+{(at - record.started_at).total_seconds():.2f} s" if at else "-"


def _lines(record: CallRecord) -> list[str]:
    """The call for a person to read, one fact a line."""
    lines = [
        f"call {record.id}",
        f"  {record.direction} {record.kind}, from {_number(record.from_raw, record.from_number)}"
        f" to {_number(record.to_raw, record.to_number)}",
        f"  SIP call {record.sip_call_id or '-'}, carrier's call {record.provider_call_id or '-'}, "
        f"room {record.room or '-'}",
        f"  started {record.started_at.isoformat()}, rang {_after(record, record.rang_at)}, "
        f"answered {_after(record, record.answered_at)}, ended {_after(record, record.ended_at)}"
        f" ({record.end_reason or 'not yet'})",
    ]
    lines.append("known")
    for key, fact in record.facts.items():
        vouched = "trusted" if fact["trusted"] else "the caller's word"
        lines.append(f"  {key} = {_short(fact['value'])}  ({fact['source']}, {vouched})")
    lines += [f"  customer {_short(row)}" for row in _customers(record.call)]
    lines.append("decided")
    lines.append(
        f"  route {record.route or '-'}, agent {record.agent or '-'}, language {record.language or '-'}"
        + (f", refused: {record.refusal}" if record.refusal else "")
    )
    lines += [f"  {key}: {_short(value)}" for key, value in record.decision.items() if value]
    lines.append(f"  routing file {record.fingerprint or '-'}")
    for step in record.trace:
        why = f"no: {step['failed']}" if step["failed"] else "taken"
        lines.append(f"  line {step['line']} {step['route']}: {', '.join((*step['matched'], why))}")
    lines += ["changed or late"] if record.changes else []
    lines += [f"  {c['at']} {c['what']} {c['key']} = {_short(c['value'])}" for c in record.changes]
    lines += ["warnings"] if record.warnings else []
    return lines + [f"  {text}" for text in record.warnings]


def _customers(call: dict[str, Any]) -> list[Any]:
    """A call is written with its customer, or with a list of a household's."""
    found: Any = call.get("customer", [])
    return cast("list[Any]", found) if isinstance(found, list) else [found]


def _number(raw: str | None, e164: str | None) -> str:
    if not raw:
        return "(withheld)"
    return raw if raw == e164 or not e164 else f"{e164} (sent as {raw})"


def _short(value: Any) -> str:
    return jsonlib.dumps(value, ensure_ascii=False)
