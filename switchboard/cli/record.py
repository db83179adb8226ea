"""The record of a call on a terminal: who called, what came of it, what happened, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from switchboard.cli.directory import written
from switchboard.cli.explanation import fact, rows
from switchboard.routing.decision import Step

if TYPE_CHECKING:
    from switchboard.records.record import CallRecord

_Line = tuple[str, RenderableType]


def show_record(console: Console, record: CallRecord, *, every_row: bool = False) -> None:
    """Print all of `record`; long runs of rows without a fit are one line, unless `every_row`."""
    console.print(Text(f"call {record.id}", "bold"), Text(), grid(_facts(record)), sep="\n")
    sections = (("what happened", grid(happened(record))), ("why", rows(_steps(record), every_row=every_row)))
    for title, section in sections:
        if section.row_count:
            console.print(Text(), Text(title, "bold"), section, sep="\n")


def happened(record: CallRecord) -> Iterator[_Line]:
    """Each change and each tool in their order; then the warnings, of which the record has no time."""
    told = [(change["at"], _change(change)) for change in record.changes]
    told += [(tool["at"], _tool(tool)) for tool in record.tools]
    for at, text in sorted(told, key=lambda one: one[0]):
        yield after(record, datetime.fromisoformat(at)), text
    for warning in record.warnings:
        yield "warning", Text(warning, "yellow")


def after(record: CallRecord, at: datetime) -> str:
    """When something happened in the call, from its beginning."""
    return f"+{(at - record.started_at).total_seconds():.2f} s"


def lasted(record: CallRecord) -> str:
    """How long the caller and an agent could hear each other, as minutes and seconds: "-" where they never could."""
    if record.answered_at is None or record.ended_at is None:
        return "-"
    seconds = round((record.ended_at - record.answered_at).total_seconds())
    return f"{seconds // 60}:{seconds % 60:02d}"


def _facts(record: CallRecord) -> Iterator[_Line]:
    yield "from", _number(record.from_raw, record.from_number)
    yield "to", _number(record.to_raw, record.to_number)
    yield "kind", Text(f"{record.kind} {record.direction}")
    yield "began", Text(f"{record.started_at.astimezone():%Y-%m-%d %H:%M:%S %Z}")
    yield "answered", Text(after(record, record.answered_at) if record.answered_at else "never")
    if record.ended_at:
        yield "ended", Text.assemble(f"{after(record, record.ended_at)}: {record.end_reason}", _dim(record.cause or ""))
    else:
        yield "ended", Text("not yet")
    yield "lasted", Text(lasted(record))
    yield "route", Text.assemble((record.route or "none", "bold"), _dim(f"line {record.decision.get('line', '-')}"))
    for name in ("refusal", "agent", "language"):
        if value := getattr(record, name):
            yield name, Text(value)
    for name, value in record.decision.get("speech", {}).items():
        yield name if name == "profile" else f"  {name}", Text(value)
    if record.decision.get("greeting"):
        yield "greeting", Text(record.decision["greeting"])
    yield from _titled("customer", (Text(written(row)) for row in _customers(record.call)))
    known = (fact(key, said["value"], said["source"], said["trusted"]) for key, said in record.facts.items())
    yield from _titled("data", known)
    names = {"SIP call": record.sip_call_id, "carrier's call": record.provider_call_id, "room": record.room}
    yield from ((name, Text(value)) for name, value in names.items() if value)


def _steps(record: CallRecord) -> Iterator[Step]:
    for step in record.trace:
        yield Step(step["route"], step["line"], tuple(step["matched"]), step["failed"])


def _change(change: Mapping[str, Any]) -> Text:
    key = "" if change["what"] == "agent" else f" {change['key']}"
    return Text(f"{change['what']}{key} = {json.dumps(change['value'], ensure_ascii=False)}")


def _tool(tool: Mapping[str, Any]) -> Text:
    text = Text.assemble((tool["tool"], "bold"), f"({_arguments(tool['arguments'])})")
    if tool["failed"]:
        return text.append(f"\nfailed: {tool['fault'] or tool['result']}", "red")
    return text.append(f"\n→ {tool['result']}" if tool["result"] else "")


def _arguments(text: str) -> str:
    """The model's JSON as one would write a call; as it came where it is none."""
    try:
        found: object = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text
    if not isinstance(found, dict):
        return text
    pairs = cast("dict[str, Any]", found).items()
    return ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in pairs)


def _customers(call: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A call is written with its customer, or with a list of a household's."""
    found: Any = call.get("customer", [])
    return cast("list[Mapping[str, Any]]", found if isinstance(found, list) else [found])


def _number(raw: str | None, e164: str | None) -> Text:
    if not raw:
        return Text("withheld")
    return Text(raw) if raw == e164 or not e164 else Text.assemble(e164, _dim(f"sent as {raw}"))


def _dim(text: str) -> tuple[str, str]:
    return (f"  ({text})" if text else "", "dim")


def _titled(title: str, lines: Iterable[Text]) -> Iterator[_Line]:
    for index, line in enumerate(lines):
        yield "" if index else title, line


def grid(lines: Iterable[_Line]) -> Grid:
    """Names and what they are, side by side."""
    table = Grid.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in lines:
        table.add_row(name, value)
    return table
