"""`switchboard explain`: which route takes a call, and why, without a call."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer

from switchboard.call.attributes import HEADER
from switchboard.cli.arguments import Attributes, Customer, Headers, customer_rows, pairs
from switchboard.cli.business import read_routing_file, read_settings
from switchboard.cli.check import ConfigOption, JsonFlag
from switchboard.cli.output import NO, console, fail, print_json

if TYPE_CHECKING:
    from switchboard.call.call import Call


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    to: Annotated[str | None, typer.Option("--to", help="The number dialled.")] = None,
    caller: Annotated[str | None, typer.Option("--from", help="The number calling; without it, it is hidden.")] = None,
    trunk: Annotated[str | None, typer.Option(help="The trunk's ID, ST_….")] = None,
    rule: Annotated[str | None, typer.Option(help="The dispatch rule's ID, SDR_….")] = None,
    kind: Annotated[str | None, typer.Option(help="sip (as without it), standard, ….")] = None,
    direction: Annotated[str | None, typer.Option(help="inbound (as without it) or outbound.")] = None,
    at: Annotated[str | None, typer.Option(help="When, ISO 8601; without it, now.")] = None,
    attribute: Attributes = None,
    header: Headers = None,
    job: Annotated[str | None, typer.Option(metavar="JSON", help="Job metadata.")] = None,
    participant: Annotated[str | None, typer.Option(metavar="JSON", help="Participant metadata.")] = None,
    room: Annotated[str | None, typer.Option(metavar="JSON", help="Room metadata.")] = None,
    customer: Customer = None,
    call: Annotated[str | None, typer.Option(metavar="JSON|@FILE|-", help="The whole call instead.")] = None,
    expect: Annotated[str | None, typer.Option(metavar="NAME", help="Exit 1 when another route wins.")] = None,
    every_row: Annotated[bool, typer.Option("--all", help="Show every row, long runs of misses too.")] = False,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say which route takes a call, and why: every row looked at, what matched, and the first that did not.

    The caller is looked up as in a call, in the directory that the environment names, unless --customer says who it is.
    """
    from switchboard.call.spec import SpecError, read_spec
    from switchboard.cli.directory import Customers, ask_directory
    from switchboard.cli.explanation import show
    from switchboard.routing.explain import explain as explain_call

    headers = {f"{HEADER}{name.lower()}": value for name, value in pairs(header or (), "--header").items()}
    attributes = pairs(attribute or (), "--attribute") | headers
    given = {
        "to": to,
        "from": caller,
        "trunk": trunk,
        "rule": rule,
        "kind": kind,
        "direction": direction,
        "at": at,
        "attributes": attributes or None,
        "job": job,
        "participant": participant,
        "room": room,
        "customer": customer_rows(customer),
    }
    spec = {key: value for key, value in given.items() if value is not None}
    if call is not None:
        if spec:
            fail(f"--call is the whole call: leave out {', '.join(f'--{key}' for key in spec)}")
        spec = _object("--call", call)
    settings = read_settings()
    path = config or settings.config
    read = read_routing_file(path)

    def described_by(spec: dict[str, Any]) -> Call:
        worker = read.worker
        return read_spec(spec, worker.region, trusted_attributes=worker.trusted_attributes)

    try:
        described = described_by(spec)
        if "customer" in spec:
            customers = Customers(described.customers, "as given")
        else:
            customers = ask_directory(settings, described)
            described = described_by(spec | {"customer": list(customers.rows)})
    except SpecError as error:
        fail(str(error))
    names = [*(route.name for route in read.table.routes), read.table.default.name]
    if expect is not None and expect not in names:
        from switchboard.files.suggest import suggest

        fail(f'--expect: there is no route "{expect}" {suggest(expect, names)}')
    explanation = explain_call(read.table, described)
    if customers.warning:
        explanation = replace(explanation, warnings=(*explanation.warnings, customers.warning))
    if as_json:
        print_json(explanation.as_json() | {"customer": customers.as_json()})
    else:
        show(console, path.name, described, explanation, customers, every_row=every_row)
    if expect is not None and explanation.decision.route != expect:
        fail(f'expected "{expect}", got "{explanation.decision.route}"', NO)


def _object(option: str, given: str) -> dict[str, Any]:
    """A JSON object, given itself, as @FILE, or by `-` on stdin."""
    text = given
    if given == "-" or given.startswith("@"):
        source: Callable[[], str] = sys.stdin.read if given == "-" else Path(given[1:]).read_text
        try:
            text = source()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            fail(f"{option}: {given} cannot be read: {reason}")
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        _not_json(option, f"this is not JSON: {error}")
    if not isinstance(value, dict):
        _not_json(option, "this is no JSON object")
    return cast("dict[str, Any]", value)


def _not_json(option: str, what: str) -> NoReturn:
    fail(f"""{option}: {what}: write it as '{{"to": "+18005550100"}}'""")
